// SPDX-License-Identifier: Apache-2.0

/// Percent-encoding (RFC 3986, section 2.1), without `+` for a space.
public enum PercentEncoding {
    /// The text; nil for a broken sequence, or bytes that are no UTF-8.
    public static func decode(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The text as one segment of a path.
    public static func encode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: "."):
                // A segment of dots alone would be removed by clients.
                result += text.utf8.allSatisfy({ $0 == UInt8(ascii: ".") }) ? "%2E" : "."
            default: result += "%" + String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
            }
        }
        return result
    }
}
