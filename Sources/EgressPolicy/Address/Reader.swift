// SPDX-License-Identifier: Apache-2.0

/// Walks the bytes of a text, for the address parsers.
struct Reader {
    private let bytes: [UInt8]
    private var position = 0

    /// Takes at most the 46 bytes an address can have, so that a long input costs no more than a short one.
    init(_ text: some Collection<UInt8>) {
        bytes = Array(text.prefix(46))
    }

    var isAtEnd: Bool { position == bytes.count }
    var rest: Int { bytes.count - position }

    /// Moves past one byte when it is next.
    mutating func skip(_ byte: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    /// Reads four decimal octets between dots, or moves nowhere.
    mutating func readQuad() -> UInt32? {
        let start = position
        var value: UInt32 = 0
        for index in 0..<4 {
            guard index == 0 || skip("."), let octet = readOctet() else {
                position = start
                return nil
            }
            value = value << 8 | octet
        }
        return value
    }

    /// Reads 0 to 255 without a leading zero.
    private mutating func readOctet() -> UInt32? {
        let start = position
        var value: UInt32 = 0
        while position < bytes.count, position < start + 3, let digit = bytes[position].decimalDigit {
            value = value * 10 + UInt32(digit)
            position += 1
        }
        let length = position - start
        guard length > 0, value <= 255, length == 1 || bytes[start] != UInt8(ascii: "0") else { return nil }
        return value
    }

    /// Reads one to four hexadecimal digits, or moves nowhere.
    mutating func readGroup() -> UInt16? {
        let start = position
        var value: UInt16 = 0
        while position < bytes.count, position < start + 4, let digit = bytes[position].hexDigit {
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return position > start ? value : nil
    }
}

extension UInt8 {
    /// The value of an ASCII decimal digit.
    var decimalDigit: UInt64? {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) ? UInt64(self - UInt8(ascii: "0")) : nil
    }

    /// The value of an ASCII hexadecimal digit of either case.
    var hexDigit: UInt64? {
        if let decimalDigit { return decimalDigit }
        let lower = self | 0x20
        return (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(lower) ? UInt64(lower - UInt8(ascii: "a")) + 10 : nil
    }
}
