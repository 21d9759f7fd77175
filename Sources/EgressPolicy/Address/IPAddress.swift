// SPDX-License-Identifier: Apache-2.0

/// An address of either family.
public enum IPAddress: Hashable, Sendable {
    /// An IPv4 address.
    case v4(IPv4Address)

    /// An IPv6 address without a zone.
    case v6(IPv6Address)

    /// Reads a canonical dotted quad or any RFC 4291 text, without brackets and zone; `nil` for everything else.
    public init?(_ text: some StringProtocol) {
        if let address = IPv4Address(text) {
            self = .v4(address)
        } else if let address = IPv6Address(text) {
            self = .v6(address)
        } else {
            return nil
        }
    }

    /// Reads 4 or 16 bytes in network order, as in `in_addr`, `in6_addr`, A and AAAA; `nil` for any other count.
    public init?(networkBytes bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4:
            self = .v4(IPv4Address(bits: bytes.reduce(0) { $0 << 8 | UInt32($1) }))
        case 16:
            let high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
            let low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
            self = .v6(IPv6Address(high: high, low: low))
        default:
            return nil
        }
    }

    /// The 4 or 16 bytes in network order.
    public var networkBytes: [UInt8] {
        switch self {
        case .v4(let address):
            (0..<4).map { UInt8(truncatingIfNeeded: address.bits >> (24 - 8 * UInt32($0))) }
        case .v6(let address):
            [address.high, address.low].flatMap { half in
                (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * UInt64($0))) }
            }
        }
    }

    /// The address the kernel would really talk to: `::ffff:a.b.c.d` (RFC 4291, section 2.5.5.2) becomes `a.b.c.d`.
    public var canonical: IPAddress {
        if case .v6(let address) = self, let mapped = address.mappedIPv4 { return .v4(mapped) }
        return self
    }

    /// Whether this is 127.0.0.0/8 or `::1`, spelled as v4-mapped or not.
    public var isLoopback: Bool {
        switch canonical {
        case .v4(let address): address.bits >> 24 == 127
        case .v6(let address): address.high == 0 && address.low == 1
        }
    }

    /// Whether this is `0.0.0.0` or `::`, spelled as v4-mapped or not.
    public var isUnspecified: Bool {
        switch canonical {
        case .v4(let address): address.bits == 0
        case .v6(let address): address.high == 0 && address.low == 0
        }
    }
}

extension IPAddress: CustomStringConvertible {
    /// The canonical text, without brackets.
    public var description: String {
        switch self {
        case .v4(let address): address.description
        case .v6(let address): address.description
        }
    }
}

extension IPAddress {
    /// The bits, aligned to the left of 128, so that both families share the arithmetic of prefixes.
    var key: UInt128 {
        switch self {
        case .v4(let address): UInt128(address.bits) << 96
        case .v6(let address): UInt128(address.high) << 64 | UInt128(address.low)
        }
    }

    /// The address of a ``key``, of the same family as another address.
    init(key: UInt128, like other: IPAddress) {
        switch other {
        case .v4:
            self = .v4(IPv4Address(bits: UInt32(truncatingIfNeeded: key >> 96)))
        case .v6:
            self = .v6(IPv6Address(high: UInt64(truncatingIfNeeded: key >> 64), low: UInt64(truncatingIfNeeded: key)))
        }
    }

    /// 32 or 128.
    var width: Int {
        switch self {
        case .v4: 32
        case .v6: 128
        }
    }
}
