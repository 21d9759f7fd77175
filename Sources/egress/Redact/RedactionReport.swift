// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import Glibc
import LinuxSystem

/// What was found, as one JSON object that is written while the stream goes on.
///
/// By hand, deliberately: an encoder would have to hold all findings of a stream without end.
struct RedactionReport: ~Copyable {
    /// How many findings there are.
    private(set) var count = 0
    private let file: FileDescriptor?

    /// A report to a file, to standard error for `-`, or to nothing.
    init(path: String?) throws(SystemError) {
        file = try Self.file(path)
    }

    private static func file(_ path: String?) throws(SystemError) -> FileDescriptor? {
        guard let path else { return nil }
        if path == "-" { return try FileDescriptor.duplicate(of: STDERR_FILENO) }
        return try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
    }

    /// Adds findings.
    mutating func add(_ findings: [RedactionFinding]) throws(SystemError) {
        var text = ""
        for finding in findings {
            text += count == 0 ? "{\"findings\":[\n" : ",\n"
            text += "{\"kind\":\"\(finding.kind.rawValue)\",\"offset\":\(finding.offset),\"length\":\(finding.length)}"
            count += 1
        }
        if !text.isEmpty { try write(text) }
    }

    /// Ends the object.
    mutating func close() throws(SystemError) {
        try write((count == 0 ? "{\"findings\":[" : "") + "\n],\"count\":\(count)}\n")
    }

    private borrowing func write(_ text: String) throws(SystemError) {
        try file?.writeAll(Array(text.utf8))
    }
}
