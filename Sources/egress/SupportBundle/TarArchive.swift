// SPDX-License-Identifier: Apache-2.0

/// An archive in the ustar format (POSIX.1-2017, pax, "ustar Interchange Format").
///
/// The same files give the same bytes: times, users and groups are zero. It is not compressed, deliberately: whoever is to
/// send it can look for words in it first.
struct TarArchive {
    private static let blockSize = 512

    private(set) var bytes: [UInt8] = []

    /// Adds a file. Names are at most 100 bytes, as all of ours are.
    mutating func add(_ name: String, _ content: [UInt8]) {
        var header = [UInt8](repeating: 0, count: Self.blockSize)
        func put(_ text: String, at offset: Int) {
            for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
        }
        put(String(name.prefix(100)), at: 0)
        put("0000600\0", at: 100)
        put("0000000\0", at: 108)
        put("0000000\0", at: 116)
        put(Self.octal(content.count, digits: 11) + "\0", at: 124)
        put(Self.octal(0, digits: 11) + "\0", at: 136)
        // The sum is that of the header with eight spaces in its place.
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar\u{0}00", at: 257)
        put(Self.octal(header.reduce(0) { $0 + Int($1) }, digits: 6) + "\0 ", at: 148)
        bytes += header + content
        bytes += [UInt8](repeating: 0, count: (Self.blockSize - content.count % Self.blockSize) % Self.blockSize)
    }

    /// Adds the two empty blocks that end the archive.
    mutating func finish() {
        bytes += [UInt8](repeating: 0, count: 2 * Self.blockSize)
    }

    private static func octal(_ number: Int, digits: Int) -> String {
        let text = String(number, radix: 8)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
