// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Foundation
import TestSupport
import Testing

/// The critical attack corpus: every scenario of Fixtures/security on every surface that it names.
struct CriticalAttackTests {
    @Test(arguments: Replay.all)
    func `the attack is held, and its denial is recorded`(_ replay: Replay) async throws {
        let observation = try await replay.observation()
        let complaints = observation.complaints(about: replay.scenario, on: replay.surface)
        print("\(complaints.isEmpty ? "held" : "FAILED") \(replay.testDescription): \(observation.summary)")
        #expect(complaints == [], "\(observation)")
    }

    @Test func `the corpus is as its schema says`() throws {
        let line = #"""
            import json, sys, jsonschema
            schema, corpus = (json.load(open(path)) for path in sys.argv[1:])
            jsonschema.Draft202012Validator.check_schema(schema)
            errors = list(jsonschema.Draft202012Validator(schema).iter_errors(corpus))
            print(*(f"{list(error.absolute_path)}: {error.message[:200]}" for error in errors), sep="\n")
            sys.exit(1 if errors else 0)
            """#
        let schema = Fixtures.path("security/critical_attack_scenarios.schema.json")
        let outcome = try TestWorld.shared().run(
            ["/usr/bin/python3", "-c", line, schema, AttackCorpus.path],
            as: .root
        )
        #expect(outcome.succeeded, "\(outcome)")
    }

    @Test func `the corpus is whole`() throws {
        let scenarios = try AttackCorpus.shared.get().scenarios
        #expect(scenarios.count >= 60)
        #expect(Set(scenarios.map(\.category)) == ["egress", "worker_attestation", "safety"])
        #expect(Dictionary(grouping: scenarios, by: \.id).filter { $1.count > 1 }.keys.sorted() == [])
        // A scenario without a surface is executed by none.
        #expect(scenarios.filter(\.surfaces.isEmpty).map(\.id) == [])
        #expect(scenarios.filter { Set($0.surfaces).count != $0.surfaces.count }.map(\.id) == [])
        let inputs = scenarios.map { [$0.input.request != nil, $0.input.attestation != nil, $0.input.export != nil] }
        #expect(inputs.allSatisfy { $0.count { $0 } == 1 })
        // And a surface that nothing is replayed on was forgotten.
        #expect(Set(scenarios.flatMap(\.surfaces)) == Set(Surface.allCases))
        let stray = scenarios.filter { !Set($0.expected.reasons.keys).isSubset(of: $0.surfaces) }
        #expect(stray.map(\.id) == [])
    }

    @Test(arguments: [
        (Observation(records: [.checkReport: ["denied_by_rule"]], exports: ""), "another reason"),
        (Observation(records: [:], exports: ""), "no record"),
        (Observation(records: [.checkReport: ["metadata_blocked", "allowed"]], exports: ""), "two reasons"),
        (Observation(records: [.checkReport: ["metadata_blocked"]], exports: "", vacuity: "it is none"), "vacuous"),
        (Observation(records: [.checkReport: ["metadata_blocked"]], exports: "aHVudGVyMi1jYW5hcnk"), "a secret"),
        (
            Observation(
                records: [.checkReport: ["metadata_blocked"]],
                exports: "",
                arrivals: [Arrival(protocol: "tcp", address: "169.254.169.254", port: 80, data: "")]
            ), "an arrival"
        ),
    ])
    func `what is seen otherwise is a failure`(_ observation: Observation, _ what: String) throws {
        let text = """
            {"id": "x", "severity": "low", "category": "egress", "title": "x", "control": "arrives",
            "input": {"request": {"url": "http://169.254.169.254/"}}, "surfaces": ["check"],
            "expected": {"reason": "metadata_blocked", "audit": ["check_report"], "absent": ["hunter2-canary"]}}
            """
        let scenario = try JSONDecoder().decode(Scenario.self, from: Data(text.utf8))
        let good = Observation(records: [.checkReport: ["metadata_blocked"]], exports: "")
        #expect(good.complaints(about: scenario, on: .check) == [])
        #expect(observation.complaints(about: scenario, on: .check) != [], "\(what)")
    }

    @Test(arguments: [
        ("surfaces", #"["telepathy"]"#), ("surfaces", #"["check", "carrier_pigeon"]"#), ("control", #""hope""#),
    ])
    func `a surface without an executor is no scenario`(_ name: String, _ value: String) throws {
        let text = """
            {"version": 1, "dns": {}, "scenarios": [{"id": "x", "severity": "low", "category": "egress", "title": "x",
            "control": "arrives", "input": {"request": {"url": "http://10.0.0.1/"}}, "surfaces": ["check"],
            "expected": {"reason": "private_target_blocked", "audit": ["check_report"]}}]}
            """
        _ = try AttackCorpus(text: text)
        let old = name == "surfaces" ? #"["check"]"# : #""arrives""#
        #expect(throws: DecodingError.self) { try AttackCorpus(text: text.replacing(old, with: value)) }
    }
}
