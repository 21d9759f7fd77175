// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// All replays that connect or would: commands in a test world of their own, run in one go and then judged one by one.
struct WorldReplay: Sendable {
    let results: [Job.Key: Job.Result]

    /// Those of this test run.
    static let shared = Swift.Result { try WorldReplay(AttackCorpus.shared.get()) }

    /// Seconds for all of them, on a machine that does other things as well.
    private static let limit = 900

    init(_ corpus: AttackCorpus) throws {
        let jobs = try corpus.scenarios.flatMap { try Commands(corpus: corpus, scenario: $0).jobs() }
        let world = try TestWorld.another()
        let binaries = TestWorld.binary.dropLast("/egress-run".count)
        let request = try JSONEncoder().encode(
            Request(corpus: try JSONDecoder().decode(JSONTree.self, from: Data(corpus.text.utf8)), jobs: jobs.map(\.1))
        )
        let outcome = try world.run(
            [
                "unshare", "-m", "/usr/bin/python3", "\(world.directory)/programs/corpus/batch.py", world.directory,
                "\(binaries)/egress",
            ],
            as: .root,
            input: Array(request),
            limit: Self.limit
        )
        guard outcome.succeeded else { throw SupportError("the attacks were not replayed: \(outcome)") }
        let found = try JSONDecoder().decode([Job.Result].self, from: Data(outcome.standardOutput.utf8))
        guard found.count == jobs.count else { throw SupportError("\(jobs.count) replays, \(found.count) results") }
        results = Dictionary(uniqueKeysWithValues: zip(jobs.map(\.0), found))
    }

    private struct Request: Encodable {
        let corpus: JSONTree
        let jobs: [Job]
    }

    /// What was seen of a replay, with why it would show nothing.
    func observation(of scenario: Scenario, on surface: Surface, as account: Account) -> Observation {
        let key = Job.Key(scenario: scenario.id, surface: surface, account: account)
        guard let result = results[key] else {
            return Observation(records: [:], exports: "", vacuity: "nothing was run")
        }
        var observation = Reports.observation(of: result, on: surface)
        if result.status == 137 { observation.vacuity = "it took too long: \(result.errors)" }
        observation.vacuity = observation.vacuity ?? vacuity(of: scenario, key)
        return observation
    }

    private func vacuity(of scenario: Scenario, _ key: Job.Key) -> String? {
        if case .arrives = scenario.control, scenario.input.request != nil { return vacuity(ofArrivalIn: scenario) }
        var twin = key
        twin.isTwin = true
        guard let surface = key.surface, let result = results[twin] else { return "it has no twin" }
        let observation = Reports.observation(of: result, on: surface)
        return observation.isAllowed ? nil : "the harmless twin is not allowed: \(result)"
    }

    /// Why the attack is none where nothing holds it; nil if it reaches a canary.
    func vacuity(ofArrivalIn scenario: Scenario) -> String? {
        guard let control = results[Job.Key(scenario: scenario.id, surface: nil, account: .user)] else {
            return "it has no control"
        }
        return control.arrivals.isEmpty ? "without anything that holds it nothing arrives: \(control)" : nil
    }
}
