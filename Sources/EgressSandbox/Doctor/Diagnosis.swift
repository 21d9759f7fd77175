// SPDX-License-Identifier: Apache-2.0

/// What a machine can enforce, check by check.
///
/// Whether the default mode holds is decided by the trial alone. The other checks say why it does not; where it does hold
/// after all (a profile may except us from a setting), they are notes.
public struct Diagnosis: Sendable {
    /// All checks, in the order in which they are told.
    public let checks: [Check]
    /// Whether `egress-run` without options holds a command here.
    public let holds: Bool

    /// The diagnosis of a machine.
    public init(_ machine: Machine, _ trial: Trial) {
        let holds = if case .held = trial { true } else { false }
        let causes =
            [Self.kernel(machine.release)] + Self.settings(machine) + [
                Self.notification(machine), Self.listener(machine), Self.container(machine),
            ]
        checks =
            Self.parts(trial)
            + causes.map { holds && $0.status == .no ? Check($0.name, .note, $0.found, advice: $0.advice) : $0 } + [
                Self.killableWaits(machine), Self.receivedRights(machine), Self.landlock(machine), Self.ipv6(machine),
                Self.nameServers(machine),
            ]
        self.holds = holds
    }

    /// A line a check, what to do below it, and the verdict.
    public var description: String {
        let width = checks.map(\.name.count).max() ?? 0
        let lines = checks.map { check in
            let name = check.name + String(repeating: " ", count: width - check.name.count)
            let status = check.status == .no ? "NO  " : check.status == .ok ? "ok  " : "note"
            let advice = check.advice.map { "\n" + String(repeating: " ", count: width + 8) + $0 }
            return "\(name)  \(status)  \(check.found)\(advice ?? "")\n"
        }
        return lines.joined() + (holds ? "the default mode holds here\n" : "the default mode does not hold here\n")
    }
}
