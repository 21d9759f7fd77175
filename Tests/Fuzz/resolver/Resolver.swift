// SPDX-License-Identifier: Apache-2.0

import EgressDNS
import EgressPolicy

/// The first byte says who sends the rest: the worker, as a query; or a server, as the reply to a query that waits, with
/// the query's own identifier and spelling (a server that knows them is the harder enemy).
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let kind = input.first else { return 0 }
    var bytes = Array(input.dropFirst())
    var resolver = makeResolver()
    let transport: Resolver.Transport = kind & 2 == 0 ? .udp : .tcp
    if kind & 1 == 0 {
        resolver.receive(query: bytes, from: Resolver.ClientID(1), transport: transport, now: now)
        check(resolver.takeActions(), resolver)
        return 0
    }
    let question = question(kind & 4 == 0 ? .a : .aaaa)
    resolver.receive(query: question, from: Resolver.ClientID(1), transport: transport, now: now)
    for case .openUDP(let exchange, _, let query) in resolver.takeActions() {
        fit(&bytes, to: query)
        resolver.receive(datagram: bytes, exchange: exchange, now: now)
    }
    // A truncated reply is asked again over a stream, which may send anything.
    for _ in 0..<4 {
        let actions = resolver.takeActions()
        check(actions, resolver)
        for action in actions {
            switch action {
            case .openTCP(let exchange, _, let query):
                fit(&bytes, to: Array(query.dropFirst(2)))
                let length = [UInt8(truncatingIfNeeded: bytes.count >> 8), UInt8(truncatingIfNeeded: bytes.count)]
                resolver.receive(stream: length + bytes, exchange: exchange, now: now)
            case .openUDP(let exchange, _, let query):
                fit(&bytes, to: query)
                resolver.receive(datagram: bytes, exchange: exchange, now: now)
            case .answer, .close, .event: break
            }
        }
    }
    resolver.tick(now: now + 60_000_000_000)
    check(resolver.takeActions(), resolver)
    return 0
}

/// Gives a reply the identifier of a query and, where it has the query's name, the spelling of that.
private func fit(_ reply: inout [UInt8], to query: [UInt8]) {
    if reply.count >= 2 { reply.replaceSubrange(0..<2, with: query[0..<2]) }
    let name = 12..<(12 + 17)
    guard reply.count >= name.upperBound, query.count >= name.upperBound else { return }
    if zip(reply[name], query[name]).allSatisfy({ $0 | 0x20 == $1 | 0x20 }) {
        reply.replaceSubrange(name, with: query[name])
    }
}

private let now: UInt64 = 1_000_000_000_000

private func makeResolver() -> Resolver {
    Resolver(
        Resolver.Configuration(
            policy: policy,
            servers: [ServerAddress("192.0.2.53"), ServerAddress("[2001:db8::53]:53")].compactMap(\.self),
            extraTypes: [.mx, .txt, .srv]
        ),
        randomness: Counter()
    )
}

private let policy = Policy(
    allow: [".example.com", "www.example.net:443"].compactMap { try? Rule.parse($0) },
    deny: ["denied.example.com", "198.51.100.0/24"].compactMap { try? Rule.parse($0, for: .deny) }
)

private func question(_ type: RecordType) -> [UInt8] {
    guard let name = try? DNSName("www.example.com") else { return [] }
    return DNSMessage(id: 7, asking: Question(name: name, type: type)).encode()
}

/// What is told can be read, and every address of it is pinned and may be reached.
private func check(_ actions: [Resolver.Action], _ resolver: Resolver) {
    for case .answer(_, let octets) in actions {
        guard let message = try? DNSMessage(decoding: octets) else { fatalError("an answer that can't be read") }
        for record in message.answers {
            guard let address = record.data.address else { continue }
            let isPinned = address.isLoopback || !resolver.pins.names(for: address, at: now).isEmpty
            precondition(isPinned, "\(address) was told and not pinned")
            precondition(address.isLoopback || address.addressClass == .global, "\(address) was told")
        }
    }
}

/// Runs are repeated with the same identifiers.
private struct Counter: RandomNumberGenerator, Sendable {
    private var state: UInt64 = 1

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state
    }
}
