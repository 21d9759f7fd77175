// SPDX-License-Identifier: Apache-2.0

/// A block of addresses in CIDR notation (RFC 4632), such as `10.0.0.0/8`.
///
/// Blocks inside `::ffff:0:0/96` are held as the IPv4 blocks they are; every other IPv6 block contains IPv6 only.
public struct AddressBlock: Hashable, Sendable {
    /// The first address; its host bits are zero.
    public let base: IPAddress

    /// How many leading bits are fixed: 0 to 32, or to 128.
    public let prefixLength: Int

    /// Makes a block of its first address; `nil` when the length does not fit the family or host bits are set.
    public init?(base: IPAddress, prefixLength: Int) {
        guard (0...base.width).contains(prefixLength) else { return nil }
        guard base.key & ~Self.mask(prefixLength) == 0 else { return nil }
        if base.canonical != base, prefixLength >= 96 {
            self.base = base.canonical
            self.prefixLength = prefixLength - 96
        } else {
            self.base = base
            self.prefixLength = prefixLength
        }
    }

    /// Makes the block which holds just one address.
    public init(_ address: IPAddress) {
        base = address.canonical
        prefixLength = base.width
    }

    /// Reads `ADDRESS/LENGTH`; `nil` when either is not canonical or host bits are set.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let base = IPAddress(parts[0]), let length = Self.length(parts[1]) else { return nil }
        self.init(base: base, prefixLength: length)
    }

    /// Whether an address lies in the block; `::ffff:a.b.c.d` is looked up as `a.b.c.d`.
    public func contains(_ address: IPAddress) -> Bool {
        let address = address.canonical
        return address.width == base.width && address.key & Self.mask(prefixLength) == base.key
    }

    /// The last address of the block.
    public var last: IPAddress {
        IPAddress(key: base.key | ~Self.mask(prefixLength), like: base)
    }

    /// The only address of a block of full length.
    public var soleAddress: IPAddress? {
        prefixLength == base.width ? base : nil
    }

    /// The `count` leading bits set; both families are aligned to the left of 128 bits.
    static func mask(_ count: Int) -> UInt128 {
        count == 0 ? 0 : ~0 << (128 - count)
    }

    /// Reads a prefix length: at most three digits, without a leading zero.
    static func length(_ text: some StringProtocol) -> Int? {
        let bytes = Array(text.utf8.prefix(4))
        guard (1...3).contains(bytes.count), bytes.count == 1 || bytes[0] != UInt8(ascii: "0") else { return nil }
        var value = 0
        for byte in bytes {
            guard let digit = byte.decimalDigit else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }
}

extension AddressBlock: CustomStringConvertible {
    /// CIDR notation, without brackets.
    public var description: String { "\(base)/\(prefixLength)" }
}

extension AddressBlock {
    /// The block of some length around an address; lengths outside the family's are clamped.
    init(containing address: IPAddress, prefixLength: Int) {
        let length = min(max(prefixLength, 0), address.width)
        let key = address.key & Self.mask(length)
        base = IPAddress(key: key, like: address)
        self.prefixLength = length
    }

    /// Whether the two share an address.
    func overlaps(_ other: AddressBlock) -> Bool {
        contains(other.base) || other.contains(base)
    }
}
