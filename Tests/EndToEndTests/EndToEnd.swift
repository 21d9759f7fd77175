// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// Everything that is shown on the release binary and real programs, inside the test world.
///
/// Serialized, because a canary tells what arrived and not who sent it.
@Suite(.serialized)
enum EndToEnd {
    /// What most rows allow: two ports of one host.
    static let policy = ["-q", "--allow", "allowed.example:80", "--allow", "allowed.example:443"]

    /// Where the allowed servers are, by address.
    static let allowedAddress = "93.184.216.34"

    /// The address of denied.example: a canary listens there.
    static let deniedAddress = "185.199.108.153"
}

/// One way to reach what nobody allowed.
struct Attempt: Sendable, CustomTestStringConvertible {
    /// What shows that the attempt works where nothing holds it.
    enum Success: Sendable {
        /// A canary records it.
        case arrives
        /// Its exit status is 0.
        case exits
    }

    /// What the attempt may see when it is held.
    enum Ending: Sendable {
        /// An error within a second.
        case fails
        /// An answer of our own; only the canary counts.
        case answered
        /// `egress-run` may refuse to start the command at all.
        case refused
    }

    var title: String
    var line: String
    var policy = EndToEnd.policy
    var success = Success.arrives
    var ending = Ending.fails
    var accounts = Account.allCases
    var under: [String] = []
    var resolver = WorldResolver.honest

    var testDescription: String { title }

    /// Proves the attempt without `egress-run`, then expects it to be held with it.
    func expectHeld(as account: Account) throws {
        let world = try TestWorld.shared()
        let (control, reached) = try world.arrivals {
            try world.run(line, as: account, under: under, resolver: resolver)
        }
        switch success {
        case .arrives: try #require(!reached.isEmpty, "vacuous, the canary heard nothing: \(control)")
        case .exits: try #require(control.succeeded, "vacuous: \(control)")
        }
        let (held, leaked) = try world.arrivals {
            try world.run(line, as: account, egress: policy, under: under, resolver: resolver)
        }
        #expect(leaked == [], "\(held)")
        #expect(held.status != 125 || ending == .refused, "\(held)")
        #expect(held.status != 137, "\(held)")
        if ending != .answered {
            #expect(!held.succeeded, "\(held)")
            #expect(held.seconds < control.seconds + 1, "\(held)")
        }
    }
}

/// A row of a table: an attempt by one of the accounts that can make it.
struct Row: Sendable, CustomTestStringConvertible {
    var attempt: Attempt
    var account: Account

    var testDescription: String { "\(attempt.title), \(account.testDescription)" }

    func expectHeld() throws { try attempt.expectHeld(as: account) }
}

extension [Attempt] {
    /// Each attempt by each account that can make it and that this test run can become.
    var rows: [Row] {
        flatMap { attempt in
            Account.available.filter(attempt.accounts.contains).map { Row(attempt: attempt, account: $0) }
        }
    }
}

/// A line that must work under a policy, and what its output must contain.
struct Success: Sendable, CustomTestStringConvertible {
    var title: String
    var line: String
    var output: String
    var policy = EndToEnd.policy
    var resolver = WorldResolver.honest

    var testDescription: String { title }

    func expect(as account: Account) throws {
        let world = try TestWorld.shared()
        let (outcome, leaked) = try world.arrivals {
            try world.run(line, as: account, egress: policy, resolver: resolver)
        }
        #expect(outcome.succeeded, "\(outcome)")
        #expect(outcome.standardOutput.contains(output), "\(outcome)")
        #expect(leaked == [], "\(outcome)")
    }
}
