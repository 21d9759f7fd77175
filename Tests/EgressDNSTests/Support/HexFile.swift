// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Octets written in hexadecimal, blanks wherever, comments after `#`.
struct HexFile: Error {
    /// The octets of a file in `Fixtures/dns`.
    static func octets(_ name: String) throws -> [UInt8] {
        let checkout = #filePath.dropLast("/Tests/EgressDNSTests/Support/HexFile.swift".count)
        return try octets(of: text(path: "\(checkout)/Fixtures/dns/\(name).hex"))
    }

    /// The inputs of a file in `Fixtures/fuzz`, one a line.
    static func inputs(_ name: String) throws -> [[UInt8]] {
        let checkout = #filePath.dropLast("/Tests/EgressDNSTests/Support/HexFile.swift".count)
        let lines = try text(path: "\(checkout)/Fixtures/fuzz/\(name).hex").split(separator: "\n")
        return try lines.map { try octets(of: String($0)) }.filter { !$0.isEmpty }
    }

    static func octets(of text: String) throws -> [UInt8] {
        let lines = text.split(separator: "\n").map { $0.prefix { $0 != "#" } }
        let digits = lines.joined().filter { !$0.isWhitespace }.compactMap(\.hexDigitValue)
        guard digits.count.isMultiple(of: 2) else { throw HexFile() }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    private static func text(path: String) throws -> String {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw HexFile() }
        defer { close(file) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe read(file, &buffer, buffer.count)
            guard count > 0 else { break }
            text += buffer[..<count]
        }
        return String(decoding: text, as: UTF8.self)
    }
}
