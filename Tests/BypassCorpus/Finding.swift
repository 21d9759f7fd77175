// SPDX-License-Identifier: Apache-2.0

public import TestSupport

/// What became of an attempt.
public enum Finding: Equatable, Sendable {
    /// It works without `egress-run`, and with it nothing arrived and nothing hung.
    case held
    /// Something arrived, succeeded, or hung; with what was seen.
    case escaped(String)
    /// Nothing was shown: it fails without `egress-run` too, or never ran under it; with what was seen.
    case vacuous(String)
    /// This kernel lacks what it needs; with what that is.
    case impossible(String)
    /// It gets out by an exit that SECURITY.md names; with what that is.
    case conceded(String)

    /// Whether a test may go on: the attempt is held, can't be made here, or is known to get out.
    public var isGood: Bool {
        switch self {
        case .held, .impossible, .conceded: true
        case .escaped, .vacuous: false
        }
    }
}

extension Attempt {
    /// Proves the attempt without `egress-run`, then judges it with it.
    ///
    /// - Throws: ``SupportError`` when there is no test world to do it in.
    public func examine(as account: Account) throws -> Finding {
        let world = try TestWorld.shared()
        let (control, reached) = try world.arrivals { try run(in: world, as: controller ?? account, held: false) }
        guard success == .arrives ? !reached.isEmpty : control.succeeded else {
            return needs.map { .impossible($0) } ?? .vacuous("without egress-run nothing arrived: \(control)")
        }
        let (outcome, leaked) = try world.arrivals { try run(in: world, as: account, held: true) }
        guard leaked.isEmpty else {
            return concession.map { .conceded($0) } ?? .escaped("\(leaked) \(outcome)")
        }
        if let complaint = complaint(about: outcome, control: control) {
            if outcome.succeeded, success == .exits, let concession { return .conceded(concession) }
            return .escaped("\(complaint): \(outcome)")
        }
        if outcome.status == 125, ending != .refused { return .vacuous("egress-run did not start: \(outcome)") }
        return .held
    }

    private func run(in world: TestWorld, as account: Account, held: Bool) throws -> Outcome {
        let startsItself = line.contains("HOLD ")
        let prefix = held ? (["egress-run"] + policy + ["-- "]).joined(separator: " ") : ""
        return try world.run(
            line.replacing("HOLD ", with: prefix),
            as: account,
            egress: held && !startsItself ? policy : nil,
            under: under,
            stage: stage,
            resolver: resolver
        )
    }

    /// What is wrong with how a held attempt ended, if anything.
    private func complaint(about outcome: Outcome, control: Outcome) -> String? {
        if outcome.status == 137 { return "it hung" }
        switch ending {
        case .answered: return nil
        case .status(let status): return outcome.status == status ? nil : "it did not end with \(status)"
        case .fails, .refused: break
        }
        if outcome.succeeded { return "it succeeded" }
        return outcome.seconds < control.seconds + 1 ? nil : "it was slow"
    }
}
