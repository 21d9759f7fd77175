// SPDX-License-Identifier: Apache-2.0

/// Private keys in PEM (RFC 7468) and OpenPGP armour (RFC 9580, section 6.2). The line that begins one is kept, and so is
/// the line that ends it.
enum PrivateKeyShape {
    /// How far behind its first line the body may begin, such as after `Proc-Type` and what a log puts before each line.
    private static let prologue = 512
    /// How many characters of base64 in a row are a line of a key. A program that mentions the first line has fewer.
    private static let shortestLine = 24

    /// A key after the hyphens and `BEGIN`.
    static func match(_ sight: inout Sight, _ end: Int) throws(Sight.Unseen) -> ShapeMatch {
        let label = try sight.run(of: [.upper, .digit, .blank], from: end)
        guard label.end - end <= 64, try sight.has(Array("-----".utf8), at: label.end) else { return .none }
        let words = String(decoding: sight.bytes[end..<label.end], as: UTF8.self)
        guard words.hasSuffix("PRIVATE KEY") || words == "PGP PRIVATE KEY BLOCK" else { return .none }
        let start = label.end + 5
        var (length, hyphens) = (0, 0)
        for index in start..<start + prologue {
            guard let byte = try sight.byte(index), byte.isIn(.armour) else { return .none }
            // Another first or last line.
            hyphens = byte == UInt8(ascii: "-") ? hyphens + 1 : 0
            guard hyphens < 5 else { return .none }
            // In a text that is escaped, the n of \n is no part of a line.
            let isEscape = length == 1 && index > 1 && sight.bytes[index - 2] == .backslash
            length = byte.isIn(.base64) ? (isEscape ? 1 : length + 1) : 0
            if length >= shortestLine { return .open(.privateKey, start, .armour) }
        }
        return .none
    }
}
