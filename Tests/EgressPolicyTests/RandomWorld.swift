// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

/// Random rules and questions from a world so small that they meet often.
struct RandomWorld {
    var random: SeededGenerator

    private static let labels = ["a", "b", "ab", "x-1"]
    private static let tops = ["example", "a.example", "test", "b.test"]
    private static let ports: [UInt16] = [1, 22, 53, 80, 443, 8000, 8005, 65535]
    private static let bases: [UInt32] = [
        0x0a00_0000, 0x0a01_0203, 0x0a01_02ff, 0xac10_0001, 0xa9fe_a9fe, 0xa9fe_aa02, 0x6464_64c8, 0x5db8_d822,
        0x5db8_d823,
        0x5db8_ffff, 0x0808_0808, 0x7f00_0001, 0x7f00_0002, 0xe000_00fb, 0, 0xffff_ffff, 0xcb00_7105, 0xa83f_8110,
    ]

    mutating func host() throws -> Host {
        var name = random.pick(Self.tops)
        for _ in 0..<Int.random(in: 0...3, using: &random) { name = "\(random.pick(Self.labels)).\(name)" }
        return try Host(name)
    }

    mutating func address() -> IPAddress {
        let v4 = random.pick(Self.bases) ^ (random.once(in: 3) ? UInt32.random(in: 0...3, using: &random) : 0)
        let inner = UInt64(v4)
        return switch Int.random(in: 0..<14, using: &random) {
        case 0: .v6(IPv6Address(high: 0, low: 0xffff_0000_0000 | inner))
        case 1: .v6(IPv6Address(high: 0x0064_ff9b_0000_0000, low: inner))
        case 2: .v6(IPv6Address(high: 0x2002_0000_0000_0000 | inner << 16, low: 1))
        case 3: .v6(IPv6Address(high: 0x2001_0000_0000_0000, low: UInt64(~v4)))
        case 4: .v6(IPv6Address(high: 0x0064_ff9b_0001_0000, low: inner))
        case 5: .v6(IPv6Address(high: 0x2606_2800_0000_0000, low: inner & 3))
        case 6: .v6(IPv6Address(high: 0xfd00_0ec2_0000_0000, low: random.pick([0x254, 1])))
        case 7: .v6(IPv6Address(high: random.pick([0, 0xfe80_0000_0000_0000, 0xff02_0000_0000_0000]), low: inner & 1))
        default: .v4(IPv4Address(bits: v4))
        }
    }

    mutating func port() -> UInt16 {
        random.once(in: 20) ? .random(in: 0...(.max), using: &random) : random.pick(Self.ports)
    }

    mutating func transport() -> TransportProtocol {
        random.pick(TransportProtocol.allCases)
    }

    mutating func rule(isDeny: Bool) throws -> Rule {
        Rule(
            target: random.once(in: 2) ? try hostTarget() : addressTarget(),
            ports: ports(),
            protocols: random.pick([.all, .all, .tcp, .udp]),
            isPrivate: !isDeny && random.once(in: 4)
        )
    }

    private mutating func hostTarget() throws -> Rule.Target {
        let host = try host()
        return random.pick([.host(host), .hostAndBelow(host), .below(host)])
    }

    private mutating func addressTarget() -> Rule.Target {
        let address = address().canonical
        guard random.once(in: 2) else { return .address(address) }
        let width: Int
        let bits: UInt128
        switch address {
        case .v4(let address): (width, bits) = (32, UInt128(address.bits))
        case .v6(let address): (width, bits) = (128, UInt128(address.high) << 64 | UInt128(address.low))
        }
        let length = Int.random(in: 0...width, using: &random)
        let first = (bits >> UInt128(width - length)) << UInt128(width - length)
        let base: IPAddress =
            width == 32
            ? .v4(IPv4Address(bits: UInt32(truncatingIfNeeded: first)))
            : .v6(IPv6Address(high: UInt64(truncatingIfNeeded: first >> 64), low: UInt64(truncatingIfNeeded: first)))
        guard let block = AddressBlock(base: base, prefixLength: length) else { return .address(address) }
        return block.soleAddress.map { .address($0) } ?? .block(block)
    }

    private mutating func ports() -> PortSet {
        guard !random.once(in: 2) else { return .any }
        return PortSet(
            ranges: (0..<Int.random(in: 1...3, using: &random)).map { _ in
                let (one, other) = (max(port(), 1), random.once(in: 3) ? max(port(), 1) : 0)
                return other == 0 ? one...one : min(one, other)...max(one, other)
            }
        )
    }
}
