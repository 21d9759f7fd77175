// SPDX-License-Identifier: Apache-2.0

import BypassCorpus
import TestSupport
import Testing

/// Everything that is shown on the release binary and real programs, inside the test world.
///
/// Serialized, because a canary tells what arrived and not who sent it.
@Suite(.serialized)
enum EndToEnd {
    /// What most rows allow: two ports of one host.
    static let policy = TestWorld.policy

    /// Where the allowed servers are, by address.
    static let allowedAddress = TestWorld.allowedAddress

    /// The address of denied.example: a canary listens there.
    static let deniedAddress = TestWorld.deniedAddress
}

extension Attempt {
    /// Expects the attempt to be held, and to work where nothing holds it.
    func expectHeld(as account: Account) throws {
        let finding = try examine(as: account)
        #expect(finding.isGood, "\(finding)")
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
