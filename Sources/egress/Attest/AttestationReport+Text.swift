// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressText

extension AttestationReport {
    /// The statement for people, a line a fact. What comes from the token is made printable.
    var text: String {
        var lines: [(String, String)] = [
            ("signature", verified ? "good" : "not verified (egress attest verify does)"),
            ("statement", statement == "final" ? "what became of a run" : "how a command is held"),
            ("worker", workerID ?? "not named"), ("key", keyID), ("token", tokenID),
            ("issued", moment(issuedAt)), ("expires", moment(expiresAt)),
        ]
        if notBefore != issuedAt { lines.append(("valid from", moment(notBefore))) }
        if let nonce { lines.append(("nonce", nonce)) }
        lines.append(("isolation", isolation))
        if outcome == nil { lines.append(("egress", egressProxyAttested ? "all of it passes the gate" : "not shown")) }
        lines += files + (measured.map(Self.facts) ?? []) + (outcome.map(Self.facts) ?? [])
        lines.append(("egress-run", softwareVersion))
        if let kernelRelease, let machine { lines.append(("kernel", "\(kernelRelease), \(machine)")) }
        return lines.map { name, value in
            "\(name):" + String(repeating: " ", count: max(1, 14 - name.utf8.count)) + value.printable + "\n"
        }.joined()
    }

    private var files: [(String, String)] {
        var lines: [(String, String?)] = [("policy", policyDigest), ("launcher", launcherDigest)]
        if let executable {
            lines.append(("executable", "\(executable.path) \(executable.digest)"))
            if let path = executable.interpreter, let digest = executable.interpreterDigest {
                lines.append(("interpreter", "\(path) \(digest)"))
            }
        }
        lines += [("image", imageDigest), ("build", buildDigest), ("artifact", artifactDigest)]
        return lines.compactMap { name, value in value.map { (name, $0) } }
    }

    private static func facts(_ measured: Measured) -> [(String, String)] {
        let own = measured.workerNamespaces.filter { measured.hostNamespaces[$0.key] != $0.value }.keys.sorted()
        let sets = ["inheritable", "permitted", "effective", "bounding", "ambient"]
        var account: [(String, String)] = []
        if let user = measured.user, let group = measured.group { account.append(("user", "\(user), group \(group)")) }
        if let denials = measured.landlock {
            account.append(("Landlock", denials.isEmpty ? "none" : denials.joined(separator: ", ")))
        }
        if let kinds = measured.descriptors { account.append(("descriptors", kinds.joined(separator: ", "))) }
        return [
            ("namespaces", own.joined(separator: ", ") + ": its own"),
            ("relay's links", measured.relayLinks.joined(separator: ", ")),
            ("its links", measured.workerLinks.joined(separator: ", ")),
            (
                "seccomp",
                "mode \(measured.seccompMode), \(measured.seccompFilters) filters (egress-run has "
                    + "\(measured.hostSeccompFilters)), \(measured.seccompDigest)"
            ),
            ("no_new_privs", measured.noNewPrivs ? "set" : "not set"),
            ("capabilities", sets.map { "\($0) \(measured.capabilities[$0] ?? "")" }.joined(separator: ", ")),
        ] + account
    }

    private static func facts(_ outcome: Outcome) -> [(String, String)] {
        var lines = [
            ("began with", outcome.start), ("exit status", "\(outcome.exitStatus)"),
            ("decisions", "\(outcome.allowed) allowed, \(outcome.denied) denied"),
        ]
        if let digest = outcome.auditDigest {
            lines.append(("audit log", "\(digest), \(outcome.auditLost) events lost"))
        }
        return lines
    }

    private func moment(_ seconds: Int64) -> String {
        guard seconds >= 0, seconds < 253_402_300_800 else { return "\(seconds) seconds from 1970 on" }
        return Timestamp(milliseconds: UInt64(seconds) * 1000).description
    }
}
