// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@testable import EgressDNS

@Suite struct PinTableTests {
    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    @Test func `a pin is found both ways until it expires`() throws {
        let table = Table()
        let (name, target) = (try Host("example.com"), try address("93.184.216.34"))
        #expect(table.pin(name: name, address: target, until: 100))
        #expect(table.pins.names(for: target, at: 99) == [name])
        #expect(table.pins.addresses(of: name, at: 99) == [target])
        #expect(table.pins.expiry(of: target, for: name, at: 99) == 100)
        // At its time it is over, also before anybody removed it.
        #expect(table.pins.names(for: target, at: 100).isEmpty)
        #expect(table.pins.addresses(of: name, at: 100).isEmpty)
        #expect(table.pins.expiry(of: target, for: name, at: 100) == nil)
        #expect(table.pins.names(for: try address("93.184.216.35"), at: 0).isEmpty)
        table.pins.expire(at: 100)
        #expect(table.pins.count == 0)
    }

    @Test func `a pin is extended and never shortened`() throws {
        let table = Table()
        let (name, target) = (try Host("example.com"), try address("93.184.216.34"))
        #expect(table.pin(name: name, address: target, until: 100))
        #expect(table.pin(name: name, address: target, until: 200))
        #expect(table.pin(name: name, address: target, until: 50))
        table.pins.expire(at: 150)
        #expect(table.pins.expiry(of: target, for: name, at: 150) == 200)
        #expect(table.pins.count == 1)
        table.pins.expire(at: 200)
        #expect(table.pins.count == 0 && table.pins.names(for: target, at: 0).isEmpty)
    }

    @Test func `a mapped address is the address it maps`() throws {
        let table = Table()
        let name = try Host("example.com")
        let both = [try address("::ffff:192.0.2.1"), try address("192.0.2.1")]
        #expect(table.pin(name: name, addresses: both, until: 9))
        #expect(table.pins.count == 1)
        #expect(table.pins.names(for: try address("192.0.2.1"), at: 0) == [name])
        #expect(table.pins.names(for: try address("::ffff:192.0.2.1"), at: 0) == [name])
    }

    @Test func `names that share an address are all found, in order`() throws {
        let table = Table()
        let target = try address("93.184.216.34")
        for name in ["c.example", "a.example", "b.example"] {
            #expect(table.pin(name: try Host(name), address: target, until: name == "b.example" ? 5 : 9))
        }
        #expect(table.pins.names(for: target, at: 0).map(\.description) == ["a.example", "b.example", "c.example"])
        #expect(table.pins.names(for: target, at: 6).map(\.description) == ["a.example", "c.example"])
    }

    @Test func `a full table refuses the whole answer and forgets nothing`() throws {
        let table = Table(limits: .init(pins: 3, namesPerAddress: 2, addressesPerName: 2))
        let addresses = try (1...4).map { try address("192.0.2.\($0)") }
        let names = try (1...4).map { try Host("n\($0).example") }
        #expect(table.pin(name: names[0], addresses: Array(addresses[..<2]), until: 9))
        // Too many addresses for the name; the one that has room is not pinned either.
        #expect(!table.pin(name: names[0], addresses: [addresses[0], addresses[2]], until: 20))
        #expect(table.pins.expiry(of: addresses[0], for: names[0], at: 0) == 9)
        #expect(table.pin(name: names[1], address: addresses[0], until: 9))
        // Too many pins, too many names for the address.
        #expect(!table.pin(name: names[2], address: addresses[3], until: 9))
        #expect(!table.pin(name: names[2], address: addresses[0], until: 9))
        // What is there may still be extended.
        #expect(table.pin(name: names[1], address: addresses[0], until: 20))
        table.pins.expire(at: 9)
        #expect(table.pins.count == 1)
        #expect(table.pin(name: names[2], address: addresses[0], until: 20))
    }

    @Test func `the table agrees with a simple one on random steps`() throws {
        var random = SplitMix(seed: 42)
        let table = Table()
        var model: [String: UInt64] = [:]
        var now: UInt64 = 0
        for _ in 0..<5_000 {
            now += UInt64.random(in: 0...3, using: &random)
            let (n, a) = (Int.random(in: 0..<12, using: &random), Int.random(in: 0..<12, using: &random))
            let (name, target) = (try Host("n\(n).example"), IPAddress.v4(IPv4Address(bits: UInt32(a))))
            if Bool.random(using: &random) {
                let until = now + UInt64.random(in: 1...40, using: &random)
                #expect(table.pin(name: name, address: target, until: until))
                model["\(n) \(a)"] = max(model["\(n) \(a)"] ?? 0, until)
            }
            if Int.random(in: 0..<4, using: &random) == 0 {
                table.pins.expire(at: now)
                model = model.filter { $0.value > now }
                #expect(table.pins.count == model.count)
            }
            let isLive = (model["\(n) \(a)"] ?? 0) > now
            #expect(table.pins.names(for: target, at: now).contains(name) == isLive)
            #expect(table.pins.addresses(of: name, at: now).contains(target) == isLive)
        }
    }

    @Test func `keys come out of the queue in the order of their time`() {
        var random = SplitMix(seed: 3)
        var queue = ExpiryQueue<UInt64>()
        let times = (0..<500).map { _ in UInt64.random(in: 0..<100, using: &random) }
        for time in times { queue.insert(time, due: time) }
        var popped: [UInt64] = []
        for now in stride(from: 0, to: 100, by: 7) as StrideTo<UInt64> {
            while let key = queue.pop(dueAt: now) {
                #expect(key <= now)
                popped.append(key)
            }
            #expect(queue.first ?? .max > now)
        }
        while let key = queue.pop(dueAt: 100) { popped.append(key) }
        #expect(popped == times.sorted())
    }
}

/// A table whose changes can stand in an expectation.
private final class Table {
    var pins: PinTable

    init(limits: PinTable.Limits = .init()) { pins = PinTable(limits: limits) }

    func pin(name: Host, address: IPAddress, until: UInt64) -> Bool {
        pins.pin(name: name, address: address, until: until)
    }

    func pin(name: Host, addresses: [IPAddress], until: UInt64) -> Bool {
        pins.pin(name: name, addresses: addresses, until: until)
    }
}
