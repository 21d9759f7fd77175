// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressPolicy
import Glibc
import LinuxSystem
import Testing

@testable import EgressSupervisor

/// A reporter whose audit can be read back.
final class Ledger {
    let reporter: Reporter
    private let file: FileDescriptorBox

    init() throws {
        let path = "/tmp/egress-ledger-\(getpid())-\(monotonicNow())"
        file = FileDescriptorBox(try FileDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND, mode: 0o600))
        unsafe unlink(path)
        let teller = DenialTeller(detail: .quiet, policy: Policy(allow: [], deny: []))
        reporter = Reporter(teller: teller, audit: AuditLog(descriptor: file.raw))
    }

    /// The audit's lines so far.
    var lines: [String] {
        lseek(file.raw, 0, SEEK_SET)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = unsafe read(file.raw, &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// How many lines hold all of these texts.
    func count(_ texts: String...) -> Int {
        lines.filter { line in texts.allSatisfy { line.contains($0) } }.count
    }
}

extension Gate {
    /// A gate of rules in their one-line form.
    convenience init(
        allow: [String],
        deny: [String] = [],
        _ ledger: Ledger,
        pinned: @escaping (IPAddress, UInt64) -> [Host] = { _, _ in [] }
    ) throws {
        let policy = try Policy(allow: allow.map { try Rule.parse($0) }, deny: deny.map { try Rule.parse($0) })
        self.init(policy: policy, reporter: ledger.reporter, pinned: pinned)
    }
}
