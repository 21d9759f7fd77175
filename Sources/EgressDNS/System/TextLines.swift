// SPDX-License-Identifier: Apache-2.0

/// The words of a line of a configuration file, where a comment starts with one of the given characters.
///
/// `/etc/hosts` and `resolv.conf` both separate words by blanks and tabs. Works on octets: linear, whatever the text.
func words(of line: Substring, comments: Set<UInt8>) -> [Substring] {
    let end = line.utf8.firstIndex { comments.contains($0) } ?? line.utf8.endIndex
    return Substring(line.utf8[..<end]).utf8
        .split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }
        .map { Substring($0) }
}

/// The lines of a text, ended by a line feed.
func lines(of text: String) -> [Substring] {
    text.utf8.split(separator: UInt8(ascii: "\n")).map { Substring($0) }
}
