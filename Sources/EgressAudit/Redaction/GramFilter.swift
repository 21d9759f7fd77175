// SPDX-License-Identifier: Apache-2.0

/// Finds the places where one of many words may begin, faster than looking for the words.
///
/// It looks at four bytes at a time, without regard to case, and asks one bit: most places in most texts are ruled out by
/// that. What it finds need not be a word; where it finds nothing there is none.
struct GramFilter: Sendable {
    /// How many bytes it looks at; no word may be shorter.
    static let length = 4

    private var bits = [UInt64](repeating: 0, count: 1 << 10)

    /// A filter for words of at least four bytes.
    init(_ words: some Sequence<[UInt8]>) {
        for word in words where word.count >= Self.length {
            let slot = Self.slot(Self.gram(word, 0))
            bits[slot >> 6] |= 1 << UInt64(slot & 63)
        }
    }

    /// The first place at or after `start` where a word may begin; nil if there is none at which four bytes can be seen.
    func next(in text: Span<UInt8>, from start: Int) -> Int? {
        let end = text.count - (Self.length - 1)
        guard start >= 0, start < end else { return nil }
        var gram = Self.beginning(text, start)
        let bits = self.bits.span
        var index = start
        while index < end {
            // `index + 3` is below text.count, and a slot below 1 << 16.
            gram = gram >> 8 | UInt32(truncatingIfNeeded: unsafe text[unchecked: index + 3].folded) << 24
            let slot = Self.slot(gram)
            if unsafe bits[unchecked: slot >> 6] >> UInt64(slot & 63) & 1 != 0 { return index }
            index += 1
        }
        return nil
    }

    /// The three bytes from `start`, in the place that they have before the fourth is shifted in.
    private static func beginning(_ text: Span<UInt8>, _ start: Int) -> UInt32 {
        (0..<3).reduce(0) { gram, offset in
            gram >> 8 | UInt32(truncatingIfNeeded: text[start + offset].folded) << 24
        }
    }

    /// The four bytes at an index, which must be there.
    static func gram(_ text: [UInt8], _ index: Int) -> UInt32 {
        UInt32(truncatingIfNeeded: text[index].folded) | UInt32(truncatingIfNeeded: text[index + 1].folded) << 8
            | UInt32(truncatingIfNeeded: text[index + 2].folded) << 16 | UInt32(
                truncatingIfNeeded: text[index + 3].folded
            ) << 24
    }

    /// Multiplicative hashing (Knuth, volume 3, section 6.4), to 16 bits.
    @inline(__always)
    static func slot(_ gram: UInt32) -> Int {
        Int(truncatingIfNeeded: (gram &* 0x9e37_79b1) >> 16)
    }
}
