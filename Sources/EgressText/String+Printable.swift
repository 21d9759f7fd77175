// SPDX-License-Identifier: Apache-2.0

extension StringProtocol {
    /// The text with everything but printable ASCII written as `\u{…}`, so that it cannot move the cursor of the
    /// terminal it is shown on, hide in a right-to-left run, or break the line.
    ///
    /// Non-ASCII letters are escaped as well, deliberately: a look-alike letter is what a reader must be able to see.
    public var printable: String {
        guard unicodeScalars.contains(where: { !$0.isPlain }) else { return String(self) }
        var result = ""
        for scalar in unicodeScalars {
            if scalar.isPlain {
                result.unicodeScalars.append(scalar)
            } else {
                result += "\\u{" + String(scalar.value, radix: 16) + "}"
            }
        }
        return result
    }

    /// The text in single quotes, printable, and cut after `limit` characters so that a message stays one line.
    public func quoted(limit: Int = 80) -> String {
        let shown = String(prefix(limit)).printable
        let fits = dropFirst(limit).isEmpty && shown.utf8.count <= limit
        return fits ? "'" + shown + "'" : "'" + shown.prefix(limit) + "...'"
    }
}

extension Unicode.Scalar {
    fileprivate var isPlain: Bool { value >= 0x20 && value < 0x7f }
}
