// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// A scenario on one of its surfaces, by one account.
struct Replay: Sendable, CustomTestStringConvertible {
    var scenario: Scenario
    var surface: Surface
    var account: Account

    var testDescription: String { "\(scenario.id) on \(surface.rawValue) \(account.testDescription)" }

    /// Every scenario on every surface that it names; none if the corpus cannot be read, which another test tells.
    static var all: [Replay] {
        ((try? AttackCorpus.shared.get().scenarios) ?? []).flatMap { scenario in
            scenario.surfaces.flatMap { surface in
                // The launcher holds root and others by different means.
                (surface == .launcher ? Account.available : [.user])
                    .map { Replay(scenario: scenario, surface: surface, account: $0) }
            }
        }
    }

    /// Replays it, or takes the result of a replay in the world.
    func observation() async throws -> Observation {
        switch surface {
        case .check, .fetch, .launcher, .preload, .cABI, .attestVerify, .redact:
            return try WorldReplay.shared.get().observation(of: scenario, on: surface, as: account)
        case .library: return try await libraryObservation()
        case .fleetAPI:
            guard let input = scenario.input.attestation else { return Self.nothing(for: surface) }
            var observation = try await FleetReplay(input: input).observation()
            if try await !FleetReplay(input: AttestationInput()).observation().isAllowed {
                observation.vacuity = "a well-held worker is refused as well"
            }
            return observation
        }
    }

    private func libraryObservation() async throws -> Observation {
        if let input = scenario.input.attestation {
            var observation = try AttestationReplay(input: input).observation()
            if try !AttestationReplay(input: AttestationInput()).observation().isAllowed {
                observation.vacuity = "a well-held worker is refused as well"
            }
            return observation
        }
        guard let request = scenario.input.request else { return Self.nothing(for: surface) }
        let corpus = try AttackCorpus.shared.get()
        var observation = await RequestReplay(corpus: corpus, request: request).observation()
        switch scenario.control {
        case .arrives:
            observation.vacuity =
                try observation.vacuity ?? WorldReplay.shared.get().vacuity(ofArrivalIn: scenario)
        case .harmless: observation.vacuity = "an export has no request"
        case .twin(let twin):
            let harmless = await RequestReplay(corpus: corpus, request: request.changed(by: twin)).observation()
            if !harmless.isAllowed { observation.vacuity = "the harmless twin is not allowed: \(harmless)" }
        }
        return observation
    }

    private static func nothing(for surface: Surface) -> Observation {
        Observation(records: [:], exports: "", vacuity: "\(surface.rawValue) has no executor for such an input")
    }
}
