// SPDX-License-Identifier: Apache-2.0

/// Tokens that are known by their form alone.
enum TokenShape {
    /// A compact JOSE value (RFC 7515, section 3.1): a header, a dot, and more segments of base64url.
    static func jwt(_ sight: inout Sight) throws(Sight.Unseen) -> ShapeMatch {
        let start = sight.origin
        guard sight.isWordBoundary(start) else { return .none }
        let header = try sight.run(of: .base64URL, from: start)
        // The shortest header is {"alg":"none"} without its last letters; ordinary base64 has no dots.
        guard header.isWhole, header.end - start >= 12, try sight.byte(header.end) == UInt8(ascii: ".") else {
            return .none
        }
        // Of an encrypted one the second segment may be empty (RFC 7516, section 7.1).
        let second = try sight.byte(header.end + 1) == UInt8(ascii: ".") ? header.end + 2 : header.end + 1
        for index in second..<second + 4 {
            guard let byte = try sight.byte(index), byte.isIn(.base64URL) else { return .none }
        }
        return try .init(.jwt, from: start, sight.run(of: [.base64URL, .dot], from: start), of: [.base64URL, .dot])
    }

    /// `Bearer` and a token; the word is kept.
    static func bearer(_ sight: inout Sight, _ end: Int) throws(Sight.Unseen) -> ShapeMatch {
        guard let start = try credentials(&sight, end) else { return .none }
        let run = try sight.run(of: .bearerToken, from: start)
        // After "bearer" ordinary text goes on with a word, a token rarely with letters alone.
        let value = SecretValue(sight.bytes, start, run.end)
        guard run.end - start >= 8, value.digits > 0 || value.count >= 32, !value.isPlaceholder else { return .none }
        return ShapeMatch(.bearer, from: start, run, of: .bearerToken)
    }

    /// `Basic` and base64 of a text with a colon; the word is kept.
    static func basic(_ sight: inout Sight, _ end: Int) throws(Sight.Unseen) -> ShapeMatch {
        guard let start = try credentials(&sight, end) else { return .none }
        let run = try sight.run(of: .base64, from: start)
        guard run.end - start >= 4, isNameAndPassword(sight.bytes[start..<min(run.end, start + 1024)]) else {
            return .none
        }
        return ShapeMatch(.basic, from: start, run, of: .base64)
    }

    /// Where the credentials after the name of a scheme begin: after at least one blank, or an encoded one.
    private static func credentials(_ sight: inout Sight, _ end: Int) throws(Sight.Unseen) -> Int? {
        guard sight.isWordBoundary(sight.origin) else { return nil }
        var index = try sight.skippingBlanks(end)
        if try sight.has(Array("%20".utf8), at: end) { index = end + 3 }
        if try sight.byte(end) == UInt8(ascii: "+") { index = end + 1 }
        return index > end ? index : nil
    }

    /// True for base64 of printable text with a colon.
    private static func isNameAndPassword(_ text: ArraySlice<UInt8>) -> Bool {
        var bits: UInt32 = 0
        var count = 0
        var hasColon = false
        for byte in text {
            let value: UInt8
            switch byte {
            case 0x41...0x5a: value = byte - 0x41
            case 0x61...0x7a: value = byte - 0x47
            case 0x30...0x39: value = byte + 4
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            default: return hasColon
            }
            bits = bits << 6 | UInt32(value)
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            let decoded = UInt8(truncatingIfNeeded: bits >> UInt32(count))
            guard decoded >= 0x20, decoded != 0x7f else { return false }
            if decoded == UInt8(ascii: ":") { hasColon = true }
        }
        return hasColon
    }
}
