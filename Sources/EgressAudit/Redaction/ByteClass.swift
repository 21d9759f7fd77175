// SPDX-License-Identifier: Apache-2.0

/// Sets of bytes, as bits of one table that tells for each byte the sets it is in.
struct ByteClass: OptionSet, Sendable {
    let rawValue: UInt16

    static let digit = ByteClass(rawValue: 1 << 0)
    static let upper = ByteClass(rawValue: 1 << 1)
    static let lower = ByteClass(rawValue: 1 << 2)
    /// `_`
    static let underscore = ByteClass(rawValue: 1 << 3)
    /// `-`
    static let hyphen = ByteClass(rawValue: 1 << 4)
    /// `.`
    static let dot = ByteClass(rawValue: 1 << 5)
    /// `+ / =`, which base64 has beside letters and digits.
    static let base64Extra = ByteClass(rawValue: 1 << 6)
    /// `~ % : @`, which tokens have here and there.
    static let tokenExtra = ByteClass(rawValue: 1 << 7)
    /// What may stand in a value without quotes: neither white space nor quotes, separators, brackets or a backslash.
    static let bare = ByteClass(rawValue: 1 << 8)
    /// Space and tab.
    static let blank = ByteClass(rawValue: 1 << 9)
    /// What may stand between the lines of a private key: whatever is printable and no bracket of a program, and line ends.
    static let armour = ByteClass(rawValue: 1 << 10)
    /// What may stand before the `@` of a URL.
    static let userInfo = ByteClass(rawValue: 1 << 11)
    /// Everything in a line that is no quote.
    static let unquoted = ByteClass(rawValue: 1 << 12)
    /// Everything in a line.
    static let line = ByteClass(rawValue: 1 << 13)
    /// Everything that is not white space.
    static let visible = ByteClass(rawValue: 1 << 14)

    static let letter: ByteClass = [.upper, .lower]
    static let alphanumeric: ByteClass = [.digit, .upper, .lower]
    static let word: ByteClass = [.alphanumeric, .underscore]
    /// The alphabet of base64url (RFC 4648, section 5).
    static let base64URL: ByteClass = [.word, .hyphen]
    static let base64: ByteClass = [.alphanumeric, .base64Extra]
    /// Names of variables, fields and parameters.
    static let key: ByteClass = [.word, .hyphen, .dot]
    /// RFC 6750, `b64token`.
    static let bearerToken: ByteClass = [.base64URL, .dot, .base64Extra, .tokenExtra]

    static let table: [UInt16] = (0...255).map { (byte: UInt8) in of(byte).rawValue }

    /// The sets that a byte is in.
    init(_ byte: UInt8) {
        self.init(rawValue: Self.table[Int(byte)])
    }

    init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    private static func of(_ byte: UInt8) -> ByteClass {
        let character = Unicode.Scalar(byte)
        var result: ByteClass = []
        switch character {
        case "0"..."9": result = .digit
        case "A"..."Z": result = .upper
        case "a"..."z": result = .lower
        case "_": result = .underscore
        case "-": result = .hyphen
        case ".": result = .dot
        case "+", "/", "=": result = .base64Extra
        case "~", "%", ":", "@": result = .tokenExtra
        case " ", "\t": result = .blank
        default: break
        }
        if character != "\n", character != "\r" {
            result.insert(.line)
            if !"\"'`".unicodeScalars.contains(character) { result.insert(.unquoted) }
        }
        if byte > 0x20, byte != 0x7f {
            result.insert(.visible)
            if !"\"'`,;&<>(){}[]|\\".unicodeScalars.contains(character) { result.insert(.bare) }
            if !"\"'`<>/?#\\".unicodeScalars.contains(character) { result.insert(.userInfo) }
        }
        let isText = byte >= 0x20 && byte < 0x7f && !"(){}$!?&@%^~`".unicodeScalars.contains(character)
        if isText || byte == 0x0a || byte == 0x0d || byte == 0x09 { result.insert(.armour) }
        return result
    }
}

extension UInt8 {
    /// True if the byte is in any of the sets.
    func isIn(_ set: ByteClass) -> Bool { !ByteClass(self).isDisjoint(with: set) }

    /// The byte with the bit set that tells small ASCII letters from capitals.
    var folded: UInt8 { self | 0x20 }

    static let newline = UInt8(ascii: "\n")
    static let backslash = UInt8(ascii: "\\")

    /// True for the quotes of programs and data: `"`, `'` and the grave accent.
    var isQuote: Bool { self == UInt8(ascii: "\"") || self == UInt8(ascii: "'") || self == UInt8(ascii: "`") }

    /// The value of a hexadecimal digit.
    var hexValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x37
        case 0x61...0x66: self - 0x57
        default: nil
        }
    }
}
