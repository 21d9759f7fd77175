// SPDX-License-Identifier: Apache-2.0

/// What can be said of a value from its first bytes.
struct SecretValue {
    /// How many bytes are looked at.
    static let limit = 64

    private let bytes: ArraySlice<UInt8>
    /// The first eight bytes.
    private let beginning: UInt64
    private var capitals = 0
    private var smalls = 0
    /// How often a digit and another byte are neighbours.
    private var changes = 0
    /// How many bytes are digits.
    private(set) var digits = 0
    /// How many bytes are spaces.
    private(set) var blanks = 0
    /// How many bytes are none of what names have, and no spaces.
    private(set) var specials = 0
    /// True for a name of a program, with or without dots: `self.token2`, `Token`, `std::string`.
    private(set) var isNames = true

    /// The value that begins at an index and ends before another.
    init(_ bytes: [UInt8], _ start: Int, _ end: Int) {
        self.init(bytes[start..<max(start, min(end, start + Self.limit))])
    }

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes.prefix(Self.limit)
        beginning = ShortWord.first(of: bytes)
        var wasDigit: Bool?
        for byte in self.bytes {
            let set = ByteClass(byte)
            let isDigit = set.contains(.digit)
            if isDigit {
                digits += 1
                if wasDigit == nil { isNames = false }
            } else if set.contains(.upper) {
                capitals += 1
            } else if set.contains(.lower) {
                smalls += 1
            } else if set.contains(.blank) {
                blanks += 1
                isNames = false
            } else {
                if set.isDisjoint(with: .key) { specials += 1 }
                if set.isDisjoint(with: [.underscore, .dot]), byte != UInt8(ascii: ":") { isNames = false }
            }
            if let wasDigit, wasDigit != isDigit { changes += 1 }
            wasDigit = isDigit
        }
        if bytes.isEmpty { isNames = false }
    }

    /// How many bytes there are, at most `limit`.
    var count: Int { bytes.count }
    var letters: Int { capitals + smalls }
    var hasLetterOrDigit: Bool { letters + digits > 0 }
    var isNumber: Bool { digits == count }
    var startsWithCapital: Bool { bytes.first?.isIn(.upper) ?? false }
    var startsWithHyphen: Bool { bytes.first == UInt8(ascii: "-") }

    /// True for an address of memory, as debuggers and logs of programs have them: `0x7ffd1234abcd`.
    var isPointer: Bool {
        bytes.starts(with: "0x".utf8) && count <= 18 && bytes.dropFirst(2).allSatisfy { $0.hexValue != nil }
    }

    /// The value up to a quote.
    var unquoted: SecretValue { SecretValue(bytes.prefix { !$0.isQuote }) }

    /// True for what names of programs and words of a language are not: letters and digits in disorder.
    var isRandom: Bool {
        guard count >= 12, blanks == 0, digits > 0, letters > 0 else { return count >= 20 && isUneven }
        return changes * 5 >= count || isUneven
    }

    /// True if capitals and small letters follow each other without the order of words.
    private var isUneven: Bool {
        blanks == 0 && capitals * 4 > count && smalls * 4 > count
    }

    /// True for what stands in the place of a value: variables, templates, markers, and words for nothing.
    var isPlaceholder: Bool {
        guard let first = bytes.first else { return true }
        if Self.openings.contains(where: { $0.begins(beginning) }) { return true }
        if letters == count || digits == 0, bytes.allSatisfy({ $0 == first }) {
            return count < 8 || !first.isIn(.alphanumeric) || first.folded == UInt8(ascii: "x")
        }
        return isOne(of: Self.words)
    }

    /// True for the name of a type or a word for a value that is none.
    var isTypeOrLiteral: Bool {
        let folded = ShortWord.folded(beginning)
        return Self.typeBeginnings.contains { $0.begins(folded) } || isOne(of: Self.types)
    }

    private func isOne(of words: Set<[UInt8]>) -> Bool {
        count <= 12 && words.contains(bytes.map { $0.isIn(.upper) ? $0.folded : $0 })
    }

    private static func bytes(_ words: String) -> [[UInt8]] {
        words.split(separator: " ").map { Array($0.utf8) }
    }

    private static let openings = ShortWord.all("$ < { %( %s %@ %d \\( #{ @{ [ *** ... ( env: vault: file: ref:")
    private static let words = Set(
        bytes(
            "null nil none true false undefined yes no on off redacted hidden masked empty unset optional required n/a"
        )
    )
    private static let types = Set(
        bytes(
            """
            string str bytes bool boolean int integer number any char text object data uuid varchar self secretstr byte buffer \
            array list dict map void unknown never password secret token prompt input inherit default disabled enabled scalar \
            keyword function class
            """
        )
    )
    // Folding sets a bit that "::" and digits have already.
    private static let typeBeginnings = ShortWord.all(
        "uint8 uint16 uint32 uint64 int8 int16 int32 int64 float32 float64 sha1 sha256 sha384 sha512 base64 utf8 std:: md5"
    )
}
