// SPDX-License-Identifier: Apache-2.0

/// A NAT64 prefix of a network: IPv6 addresses under it stand for IPv4 addresses (RFC 6052, section 2.2).
public struct TranslationPrefix: Hashable, Sendable {
    /// The lengths that a prefix may have.
    public static let lengths = [32, 40, 48, 56, 64, 96]

    /// The leading bits, those after them zero.
    public let base: IPv6Address
    /// How many bits lead: one of ``lengths``.
    public let length: Int

    /// The addresses of `ipv4only.arpa` (RFC 7050, section 2.2): 192.0.0.170 and 192.0.0.171.
    private static let wellKnown: ClosedRange<UInt32> = 0xc000_00aa...0xc000_00ab

    /// The prefix of an address; `nil` for a length that no prefix has.
    public init?(_ address: IPv6Address, length: Int) {
        guard Self.lengths.contains(length) else { return nil }
        let key = address.key & AddressBlock.mask(length)
        base = IPv6Address(high: UInt64(truncatingIfNeeded: key >> 64), low: UInt64(truncatingIfNeeded: key))
        self.length = length
    }

    /// The prefixes by which an address of `ipv4only.arpa` can have been made (RFC 7050, section 3).
    ///
    /// One, as a rule. More where a well-known address stands at several places; then each of them is taken, because an
    /// address too many is judged more strictly, and one too few is not.
    public static func found(in address: IPv6Address) -> [TranslationPrefix] {
        lengths.compactMap { length in
            wellKnown.contains(embedded(in: address.key, length)) ? TranslationPrefix(address, length: length) : nil
        }
    }

    /// The IPv4 address that an address under this prefix stands for; `nil` for an address that is not under it.
    ///
    /// What should be zero, bits 64 to 71 and those after the address, is not looked at: nor does a translator have to.
    public func embeddedIPv4(in address: IPv6Address) -> IPv4Address? {
        guard address.key & AddressBlock.mask(length) == base.key else { return nil }
        return IPv4Address(bits: Self.embedded(in: address.key, length))
    }

    /// The 32 bits after a prefix, but for bits 64 to 71, which are skipped.
    private static func embedded(in key: UInt128, _ length: Int) -> UInt32 {
        guard length < 96 else { return UInt32(truncatingIfNeeded: key) }
        let head = UInt64(truncatingIfNeeded: key >> 64)
        let tail = UInt64(truncatingIfNeeded: key) << 8
        // How many bits of the address stand before bit 64.
        let count = 64 - UInt64(length)
        return UInt32(truncatingIfNeeded: head << (32 - count)) | UInt32(truncatingIfNeeded: (tail >> 32) >> count)
    }
}

extension TranslationPrefix: CustomStringConvertible {
    /// CIDR notation.
    public var description: String { "\(base)/\(length)" }
}

extension IPv6Address {
    fileprivate var key: UInt128 { UInt128(high) << 64 | UInt128(low) }
}
