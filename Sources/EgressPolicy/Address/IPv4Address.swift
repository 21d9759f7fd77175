// SPDX-License-Identifier: Apache-2.0

/// An IPv4 address, held as one number in host order.
public struct IPv4Address: Hashable, Sendable {
    /// The 32 bits; 192.0.2.1 is `0xc0000201`.
    public var bits: UInt32

    /// Makes the address of 32 bits in host order.
    public init(bits: UInt32) {
        self.bits = bits
    }

    /// Reads a canonical dotted quad (RFC 6943, section 3.1.1, "strict"): four decimal numbers without leading zeros.
    ///
    /// Returns `nil` for everything else, the shorter, octal and hexadecimal forms of `inet_aton` included;
    /// ``init(lenient:)`` tells what such a text would have meant.
    public init?(_ text: some StringProtocol) {
        var reader = Reader(text.utf8)
        guard let value = reader.readQuad(), reader.isAtEnd else { return nil }
        bits = value
    }
}

extension IPv4Address: Comparable {
    /// Orders addresses as numbers.
    public static func < (left: IPv4Address, right: IPv4Address) -> Bool {
        left.bits < right.bits
    }
}

extension IPv4Address: CustomStringConvertible {
    /// The dotted quad.
    public var description: String {
        "\(bits >> 24).\(bits >> 16 & 0xff).\(bits >> 8 & 0xff).\(bits & 0xff)"
    }
}

extension IPv4Address {
    /// Reads what `inet_aton` and the WHATWG URL standard read: 1 to 4 parts, each decimal, octal or hexadecimal.
    ///
    /// Only for messages ("write 127.0.0.1"): no decision is ever taken on an address which was spelled like this.
    public init?(lenient text: some StringProtocol) {
        var parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        if parts.count > 1, parts.last?.isEmpty == true { parts.removeLast() }
        guard (1...4).contains(parts.count) else { return nil }

        var value: UInt64 = 0
        for (index, part) in parts.enumerated() {
            guard let number = Self.number(part) else { return nil }
            let isLast = index == parts.count - 1
            let width = isLast ? 8 * (4 - UInt64(index)) : 8
            guard number < 1 << width else { return nil }
            value = value << width | number
        }
        bits = UInt32(truncatingIfNeeded: value)
    }

    /// Reads `0x7f`, `0177` or `127`; 32 bits at most, so that no input overflows.
    private static func number(_ part: some Collection<UInt8>) -> UInt64? {
        guard !part.isEmpty else { return nil }
        var digits = Array(part)
        var radix: UInt64 = 10
        if digits.count > 1, digits[0] == UInt8(ascii: "0") {
            let isHex = digits[1] | 0x20 == UInt8(ascii: "x")
            radix = isHex ? 16 : 8
            digits.removeFirst(isHex ? 2 : 1)
        }
        var value: UInt64 = 0
        for digit in digits {
            guard let number = digit.hexDigit, number < radix else { return nil }
            value = value * radix + number
            guard value <= UInt64(UInt32.max) else { return nil }
        }
        return value
    }
}
