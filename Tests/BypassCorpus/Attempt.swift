// SPDX-License-Identifier: Apache-2.0

public import TestSupport
public import Testing

/// One way to reach what nobody allowed.
public struct Attempt: Sendable, CustomTestStringConvertible {
    /// What shows that the attempt works where nothing holds it.
    public enum Success: Sendable {
        /// A canary records it.
        case arrives
        /// Its exit status is 0.
        case exits
    }

    /// What the attempt may see when it is held.
    public enum Ending: Equatable, Sendable {
        /// An error within a second.
        case fails
        /// An answer of our own; only the canary counts.
        case answered
        /// `egress-run` may refuse to start the command at all.
        case refused
        /// Just this exit status, which tells that the attempt was made as it was meant.
        case status(Int32)
    }

    /// What is tried, after the number it has among the forty bypass attempts that the design lists, if it has one.
    public var title: String
    /// The shell line. Where it says `HOLD`, it starts `egress-run` itself; otherwise all of it is run under it.
    public var line: String
    /// The options of `egress-run`.
    public var policy: [String]
    /// How the control is judged.
    public var success: Success
    /// How the end of the held attempt is judged.
    public var ending: Ending
    /// Who can make the attempt when nothing holds it.
    public var accounts: [Account]
    /// A command that is put before everything, such as one that passes a descriptor on.
    public var under: [String]
    /// Parts of a stage that root sets first, in a mount namespace that is thrown away (`Tests/Programs/stage/stage.py`).
    public var stage: [String]
    /// Who makes the control, where only the rights of somebody else could make the attempt work.
    public var controller: Account?
    /// What answers the world's questions for names.
    public var resolver: WorldResolver
    /// What kernels may lack; on such a one the attempt can't exist.
    public var needs: String?
    /// Why it is known to get out, in the words of SECURITY.md: an exit that the caller opens.
    public var concession: String?

    /// An attempt that most often is a line alone.
    public init(
        title: String,
        line: String,
        policy: [String] = TestWorld.policy,
        success: Success = .arrives,
        ending: Ending = .fails,
        accounts: [Account] = Account.allCases,
        under: [String] = [],
        stage: [String] = [],
        controller: Account? = nil,
        resolver: WorldResolver = .honest,
        needs: String? = nil,
        concession: String? = nil
    ) {
        self.title = title
        self.line = line
        self.policy = policy
        self.success = success
        self.ending = ending
        self.accounts = accounts
        self.under = under
        self.stage = stage
        self.controller = controller
        self.resolver = resolver
        self.needs = needs
        self.concession = concession
    }

    /// The same, which is known to get out.
    func conceded(_ why: String) -> Attempt {
        var attempt = self
        attempt.concession = why
        return attempt
    }

    /// The title.
    public var testDescription: String { title }
}
