// SPDX-License-Identifier: Apache-2.0

/// The forms in which a value may be met in a text.
enum SecretForms {
    /// All of them, of at least four bytes each.
    static func all(of value: [UInt8]) -> Set<[UInt8]> {
        var forms: Set<[UInt8]> = [value]
        for position in 0..<3 {
            forms.insert(base64(value, position, standard))
            forms.insert(base64(value, position, url))
        }
        for digits in [lowerHex, upperHex] {
            forms.insert(value.flatMap { hex($0, digits) })
            forms.insert(percent(value, digits) { _ in false })
            forms.insert(percent(value, digits) { $0.isIn(.base64URL) || $0.isIn(.dot) || $0 == UInt8(ascii: "~") })
            // application/x-www-form-urlencoded, which writes a space as a plus sign.
            forms.insert(
                percent(value, digits) { $0.isIn(.base64URL) || $0.isIn(.dot) || $0 == UInt8(ascii: "*") || $0 == 0x20 }
                    .map { $0 == 0x20 ? UInt8(ascii: "+") : $0 }
            )
            // encodeURI and many a browser leave what has a meaning in a URL as it is.
            forms.insert(percent(value, digits) { $0 > 0x20 && $0 < 0x7f && !"\"%<>\\^`{|}".utf8.contains($0) })
            for style in JSONStyle.all { forms.insert(json(value, digits, style)) }
        }
        forms.insert(html(value, quote: "&#39;"))
        forms.insert(html(value, quote: "&#x27;"))
        return forms.filter { $0.count >= GramFilter.length }
    }

    private static let standard = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let url = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let lowerHex = Array("0123456789abcdef".utf8)
    private static let upperHex = Array("0123456789ABCDEF".utf8)

    private static func hex(_ byte: UInt8, _ digits: [UInt8]) -> [UInt8] {
        [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }

    /// The characters of base64 that the value alone decides when `position` bytes stand before it in a group of three,
    /// whatever these and those after it are.
    private static func base64(_ value: [UInt8], _ position: Int, _ alphabet: [UInt8]) -> [UInt8] {
        let bytes = [UInt8](repeating: 0, count: position) + value
        let first = (position * 8 + 5) / 6
        let end = bytes.count * 8 / 6
        return (first..<max(first, end)).map { index in
            let bit = index * 6
            let low = bit / 8 + 1 < bytes.count ? UInt16(bytes[bit / 8 + 1]) : 0
            let pair = UInt16(bytes[bit / 8]) << 8 | low
            return alphabet[Int(pair >> UInt16(10 - bit % 8) & 63)]
        }
    }

    /// The character of base64 for the last six bits of a byte that is the third of its group.
    static func base64Character(of byte: UInt8) -> String {
        String(Unicode.Scalar(standard[Int(byte & 63)]))
    }

    private static func percent(_ value: [UInt8], _ digits: [UInt8], keeping isKept: (UInt8) -> Bool) -> [UInt8] {
        value.flatMap { isKept($0) ? [$0] : [UInt8(ascii: "%")] + hex($0, digits) }
    }

    /// What writers of JSON escape beyond what they must (RFC 8259, section 7).
    private struct JSONStyle {
        var slash = false
        var markup = false
        var nonASCII = false
        var shortControls = true
        /// `\u{…}`, as this project shows hostile text.
        var braces = false

        static let all = [
            JSONStyle(), JSONStyle(slash: true), JSONStyle(markup: true), JSONStyle(nonASCII: true),
            JSONStyle(slash: true, nonASCII: true), JSONStyle(markup: true, nonASCII: true),
            JSONStyle(nonASCII: true, shortControls: false), JSONStyle(nonASCII: true, braces: true),
        ]
    }

    private static func json(_ value: [UInt8], _ digits: [UInt8], _ style: JSONStyle) -> [UInt8] {
        guard style.nonASCII, value.contains(where: { $0 >= 0x80 }) else {
            return value.flatMap { escaped($0, digits, style) }
        }
        return String(decoding: value, as: UTF8.self).unicodeScalars.flatMap { scalar -> [UInt8] in
            if scalar.isASCII { return escaped(UInt8(truncatingIfNeeded: scalar.value), digits, style) }
            if style.braces { return Array("\\u{\(String(scalar.value, radix: 16))}".utf8) }
            return Array(String(scalar).utf16).flatMap { unit in
                Array("\\u".utf8) + hex(UInt8(unit >> 8), digits) + hex(UInt8(unit & 0xff), digits)
            }
        }
    }

    private static let shortEscapes: [UInt8: String] = [
        0x08: "\\b", 0x09: "\\t", 0x0a: "\\n", 0x0c: "\\f", 0x0d: "\\r",
    ]

    private static func escaped(_ byte: UInt8, _ digits: [UInt8], _ style: JSONStyle) -> [UInt8] {
        var code: [UInt8] { Array("\\u00".utf8) + hex(byte, digits) }
        switch Unicode.Scalar(byte) {
        case "\"" where !style.braces, "\\" where !style.braces: return [.backslash, byte]
        case "/" where style.slash: return [.backslash, byte]
        case "<" where style.markup, ">" where style.markup, "&" where style.markup, "'" where style.markup: return code
        case "\0"..<" ", "\u{7f}":
            if style.braces { return Array("\\u{\(String(byte, radix: 16))}".utf8) }
            if style.shortControls, let text = shortEscapes[byte] { return Array(text.utf8) }
            return byte == 0x7f && !style.nonASCII ? [byte] : code
        default: return [byte]
        }
    }

    private static func html(_ value: [UInt8], quote: String) -> [UInt8] {
        value.flatMap { byte -> [UInt8] in
            switch Unicode.Scalar(byte) {
            case "&": Array("&amp;".utf8)
            case "<": Array("&lt;".utf8)
            case ">": Array("&gt;".utf8)
            case "\"": Array("&quot;".utf8)
            case "'": Array(quote.utf8)
            default: [byte]
            }
        }
    }
}
