// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import Glibc
import LinuxSystem

/// Files of known secrets: one a line, empty lines left out.
enum SecretFile {
    private static let maximumSize = 1 << 20

    /// The secrets of all files.
    static func read(_ paths: [String]) throws -> KnownSecrets {
        try KnownSecrets(paths.flatMap { try values($0) })
    }

    /// The secrets of a file.
    static func values(_ path: String) throws -> [[UInt8]] {
        var values: [[UInt8]] = []
        let bytes = try FileDescriptor.open(path, O_RDONLY).readAll(limit: maximumSize + 1)
        guard bytes.count <= maximumSize else { throw SecretFileError(path: path, reason: "has more than 1 MiB") }
        for (index, line) in bytes.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
            let value = Array(line.last == 0x0d ? line.dropLast() : line)
            guard !value.isEmpty else { continue }
            // Told by its line: the whole list is checked again below, where places are no lines.
            guard (KnownSecrets.minimumLength...KnownSecrets.maximumLength).contains(value.count) else {
                let range = "\(KnownSecrets.minimumLength) to \(KnownSecrets.maximumLength) bytes"
                throw SecretFileError(
                    path: path,
                    reason: "line \(index + 1) has not \(range), which a secret must have"
                )
            }
            values.append(value)
        }
        return values
    }
}

/// Why a file of secrets can't be used. It never holds a secret.
struct SecretFileError: Error, CustomStringConvertible {
    let path: String
    let reason: String

    var description: String { "'\(path)' \(reason)" }
}
