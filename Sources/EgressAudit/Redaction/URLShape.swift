// SPDX-License-Identifier: Apache-2.0

/// Secrets within URLs (RFC 3986).
enum URLShape {
    /// How long a password with a slash in it may be.
    private static let longestUnencoded = 96

    /// The password of `scheme://name:password@host`, or the name if it stands alone and looks like a token.
    static func userInformation(_ sight: inout Sight, _ end: Int) throws(Sight.Unseen) -> ShapeMatch {
        var run = try sight.run(of: .userInfo, from: end)
        guard run.end > end else { return .none }
        var colon: Int?
        for index in end..<min(run.end, end + 256) where sight.bytes[index] == UInt8(ascii: ":") {
            colon = index
            break
        }
        guard let colon else { return try token(sight, from: end, to: run) }
        if !sight.bytes[end..<run.end].contains(UInt8(ascii: "@")) {
            guard run.isWhole else { return .open(.urlPassword, colon + 1, .userInfo) }
            // A password with a slash or the like that is not encoded, but not the port of a host.
            guard let next = try sight.byte(colon + 1), !next.isIn(.digit) else { return .none }
            run = try sight.run(of: .bare, from: end)
            // Not the rest of a long line for each of its URLs.
            run = Sight.Run(end: min(run.end, colon + longestUnencoded), isWhole: true)
        }
        guard let at = sight.bytes[colon..<max(run.end, colon)].lastIndex(of: UInt8(ascii: "@")) else {
            return .none
        }
        let value = SecretValue(sight.bytes, colon + 1, at)
        return value.count == 0 || value.isPlaceholder ? .none : .found(.urlPassword, colon + 1..<at)
    }

    private static func token(_ sight: Sight, from start: Int, to run: Sight.Run) throws(Sight.Unseen) -> ShapeMatch {
        guard let at = sight.bytes[start..<run.end].firstIndex(of: UInt8(ascii: "@")), at - start >= 20 else {
            return .none
        }
        let value = SecretValue(sight.bytes, start, at)
        return value.isRandom && !value.isPlaceholder ? .found(.urlPassword, start..<at) : .none
    }

    /// The value of a parameter whose name means something only in a query, such as `key`.
    static func parameter(_ sight: inout Sight, _ end: Int) throws(Sight.Unseen) -> ShapeMatch {
        let run = try sight.run(of: .bare, from: end)
        let value = SecretValue(sight.bytes, end, run.end)
        guard value.count >= 8, value.digits > 0 || value.count >= 20, !value.isPlaceholder else { return .none }
        return ShapeMatch(.query, from: end, run, of: .bare)
    }
}
