// SPDX-License-Identifier: Apache-2.0

/// The answer to one question, with its reason.
public struct Verdict: Hashable, Sendable {
    /// Why.
    public var reason: Reason

    /// The rule that decided, when one did.
    public var rule: Rule?

    /// Makes a verdict.
    public init(_ reason: Reason, rule: Rule? = nil) {
        self.reason = reason
        self.rule = rule
    }

    /// Whether the answer is yes.
    public var isAllowed: Bool { reason == .allowed }
}
