// SPDX-License-Identifier: Apache-2.0

/// Headers of HTTP whose whole value is secret, as they stand on the wire, in logs, in data and on command lines.
enum HeaderShape {
    /// Schemes of RFC 9110, section 11, and of common use. Their names are kept.
    private static let schemes: Set<[UInt8]> = Set(
        [
            "basic", "bearer", "digest", "token", "negotiate", "ntlm", "apikey", "api-key", "aws4-hmac-sha256", "hawk",
            "oauth",
            "signature", "dpop", "sso-key", "hmac", "gnap", "mutual", "vapid", "privatetoken", "scram-sha-256", "key",
        ].map { Array($0.utf8) }
    )

    /// `Authorization: Bearer …`, and the same in quotes.
    static func authorization(_ sight: inout Sight, _ end: Int) throws(Sight.Unseen) -> ShapeMatch {
        guard let (start, quote) = try value(&sight, end) else { return .none }
        let credentials = try credentials(&sight, start)
        let token = try sight.run(of: .visible, from: credentials)
        let value = SecretValue(sight.bytes, credentials, token.end).unquoted
        guard !value.isPlaceholder else { return .none }
        // Without a scheme that is known, it may be anything that follows a word and a colon.
        if credentials == start {
            guard value.isRandom || value.count >= 20 && value.digits > 0 else { return .none }
        } else {
            guard value.count >= 3, value.hasLetterOrDigit else { return .none }
        }
        return try .init(.authorization, from: credentials, sight.headerRun(from: credentials, in: quote), of: .line)
    }

    /// The index after the name of a scheme that is known, or that of the value.
    private static func credentials(_ sight: inout Sight, _ start: Int) throws(Sight.Unseen) -> Int {
        let word = try sight.run(of: [.alphanumeric, .hyphen], from: start)
        guard word.end - start <= 20, let blank = try sight.byte(word.end), blank.isIn(.blank) else { return start }
        guard schemes.contains(sight.bytes[start..<word.end].map(\.folded)) else { return start }
        return try sight.skippingBlanks(word.end)
    }

    /// `Cookie: name=value; …` and `Set-Cookie: …`.
    static func cookie(_ sight: inout Sight, _ end: Int) throws(Sight.Unseen) -> ShapeMatch {
        guard let (start, quote) = try value(&sight, end) else { return .none }
        // RFC 6265, section 4.1.1: a name is a token.
        let name = try sight.run(of: [.key, .tokenExtra], from: start)
        guard name.end > start, name.end - start <= 256, try sight.byte(name.end) == UInt8(ascii: "=") else {
            return .none
        }
        guard let first = try sight.byte(name.end + 1), first.isIn(.bare), first != UInt8(ascii: "=") else {
            return .none
        }
        return try .init(.cookie, from: start, sight.headerRun(from: start, in: quote), of: .line)
    }

    /// Where the value after a header's name begins, and the quote that the header or its value began with.
    private static func value(_ sight: inout Sight, _ end: Int) throws(Sight.Unseen) -> (Int, Quote?)? {
        var index = end
        var quote: Quote?
        if let closing = try sight.quote(at: index) { index = closing.end } else { quote = outerQuote(sight) }
        index = try sight.skippingBlanks(index)
        guard let separator = try sight.byte(index) else { return nil }
        guard separator == UInt8(ascii: ":") || separator == UInt8(ascii: "=") || separator == UInt8(ascii: ",") else {
            return nil
        }
        index += 1
        if let next = try sight.byte(index), next == separator || next == UInt8(ascii: ">") { index += 1 }
        index = try sight.skippingBlanks(index)
        // ("Authorization", "Bearer …") and ["Authorization": ["Bearer …"]]
        if try sight.byte(index) == UInt8(ascii: "[") { index += 1 }
        if let opening = try sight.quote(at: index) {
            index = opening.end
            quote = opening
        } else if separator == UInt8(ascii: ",") {
            return nil
        }
        return (index, quote)
    }

    /// The quote before the name of the header, which may begin with `Proxy-` or `Set-`.
    private static func outerQuote(_ sight: Sight) -> Quote? {
        var index = sight.origin
        while let byte = sight.before(index), byte.isIn([.letter, .hyphen]) { index -= 1 }
        return sight.quoteBefore(index)
    }
}
