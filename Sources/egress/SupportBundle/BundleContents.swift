// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressCommandLine
import EgressDNS
import EgressPolicy
import EgressPolicyFile
import FoundationEssentials
import Glibc
import LinuxSystem

/// The files of a support bundle, each redacted.
struct BundleContents {
    let redaction: BundleRedaction
    /// Name and content, in the order in which they are archived.
    private(set) var files: [(name: String, content: [UInt8])] = []

    /// How much of the audit file is taken: the last lines within so many bytes.
    static let auditLimit = 1 << 20

    init(_ redaction: BundleRedaction) {
        self.redaction = redaction
    }

    mutating func add(_ name: String, _ text: String) {
        files.append((name, Array(text.utf8)))
    }

    /// The report of `egress doctor --json`.
    mutating func addDoctor(_ report: String) {
        add("doctor.json", redaction.text(report) + "\n")
    }

    /// What runs here, and on what.
    mutating func addVersions() {
        var names = utsname()
        unsafe uname(&names)
        let kernel = unsafe withUnsafeBytes(of: &names.release) {
            unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        let machine = unsafe withUnsafeBytes(of: &names.machine) {
            unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        let release = String(decoding: LinuxSystem.contents(ofFile: "/etc/os-release") ?? [], as: UTF8.self)
        let distribution = release.split(separator: "\n").first { $0.hasPrefix("PRETTY_NAME=") }
            .map { $0.dropFirst("PRETTY_NAME=".count).filter { $0 != "\"" } }
        add(
            "versions.txt",
            redaction.text(
                """
                \(Help.version)
                kernel \(kernel)
                machine \(machine)
                distribution \(distribution ?? "unknown")

                """
            )
        )
    }

    /// The rules of a policy, as they were understood. What else the file holds, its comments above all, is left out.
    mutating func addPolicy(path: String) {
        do {
            let policy = try PolicyDocument.load(path: path)
            var lines = policy.allow.map { "allow " + redaction.host($0.description) }
            lines += policy.deny.map { "deny " + redaction.host($0.description) }
            lines += ["allow_private \(policy.allowPrivate)"]
            lines += policy.upstream.map { "dns upstream \($0.description)" }
            lines += policy.unixPaths.map { "unix " + redaction.text($0) }
            add("policy.txt", lines.map { $0 + "\n" }.joined())
        } catch {
            // The message quotes the line that is wrong.
            let place = [error.line.map(String.init), error.column.map(String.init)].compactMap(\.self).joined(
                separator: ":"
            )
            add("policy.txt", "not readable as a policy" + (place.isEmpty ? "" : " at " + place) + "\n")
        }
    }

    /// The last lines of an audit file.
    mutating func addAudit(path: String) throws(SystemError) {
        let file = try FileDescriptor.open(path, O_RDONLY)
        let size = lseek(file.raw, 0, SEEK_END)
        let start = max(0, size - Self.auditLimit)
        if size >= 0 { lseek(file.raw, start, SEEK_SET) }
        let bytes = try file.readAll(limit: Self.auditLimit)
        var lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        // The first may be the end of a line, of which no one can tell what it is.
        if start > 0, !lines.isEmpty { lines.removeFirst() }
        add("audit.jsonl", lines.map { redaction.auditLine($0) + "\n" }.joined())
    }
}
