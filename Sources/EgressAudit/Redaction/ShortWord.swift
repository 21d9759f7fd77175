// SPDX-License-Identifier: Apache-2.0

/// A word of at most eight bytes in one number, so that many can be compared with the beginning or end of a text quickly.
struct ShortWord: Sendable {
    private let bits: UInt64
    private let mask: UInt64
    private let count: Int

    /// The last eight bytes of a word, or all.
    init(_ word: Substring) {
        let bytes = Array(word.utf8.suffix(8))
        count = bytes.count
        bits = Self.first(of: bytes[...])
        mask = bytes.count == 8 ? .max : (1 << UInt64(bytes.count * 8)) - 1
    }

    /// The words of a text, between spaces.
    static func all(_ words: String) -> [ShortWord] {
        words.split(separator: " ").map { ShortWord($0) }
    }

    /// True if the first bytes of a text, from `first(of:)`, are the word.
    func begins(_ first: UInt64) -> Bool { first & mask == bits }

    /// True if the word ends a text, in small letters or capitals.
    func ends(_ text: ArraySlice<UInt8>) -> Bool {
        text.count >= count && (Self.folded(Self.first(of: text.suffix(count))) ^ Self.folded(bits)) & mask == 0
    }

    /// The first eight bytes of a text, the first of them lowest.
    static func first(of bytes: ArraySlice<UInt8>) -> UInt64 {
        var result: UInt64 = 0
        for (place, byte) in bytes.prefix(8).enumerated() { result |= UInt64(byte) << UInt64(place * 8) }
        return result
    }

    /// The number with small letters for capitals.
    static func folded(_ bytes: UInt64) -> UInt64 { bytes | 0x2020_2020_2020_2020 }
}
