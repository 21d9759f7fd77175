// SPDX-License-Identifier: Apache-2.0

import LinuxSystem

/// Calls that are answered alike, whatever their arguments, for one reason.
struct SyscallGroup: Sendable {
    /// What they do.
    let subject: String
    /// Why they are answered so.
    let reason: String
    /// What becomes of them.
    let verdict: SyscallRule.Verdict
    /// Their names, on all architectures.
    let calls: [String]

    /// Calls that are allowed.
    static func allowed(_ subject: String, because reason: String, _ calls: [String]) -> SyscallGroup {
        SyscallGroup(subject: subject, reason: reason, verdict: .allowed, calls: calls)
    }

    /// Calls that are known and refused, with the errno that programs expect.
    static func refused(_ subject: String, with code: Int32, because reason: String, _ calls: [String]) -> SyscallGroup
    {
        SyscallGroup(subject: subject, reason: reason, verdict: .fails(code), calls: calls)
    }

    var rules: [SyscallRule] { calls.map { SyscallRule($0, verdict) } }
}
