// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import EgressEvidence
import EgressFleet
import EgressFleetService
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport

/// Registers workers with a fleet of its own, over HTTP on the loopback.
struct FleetReplay {
    let input: AttestationInput

    private static let bearer = "worker-token-of-the-critical-attack-corpus"

    /// What the service answers; of several registrations, to the last.
    func observation() async throws -> Observation {
        let forge = TokenForge()
        let port = try await Self.serve(forge)
        let nonce = try await Self.post("challenges", "", port).nonce ?? ""
        var observation = Observation(records: [:], exports: "")
        for turn in 1...max(input.present ?? 1, 1) {
            let identifier = input.freshTokenID == true ? "statement-\(turn)" : "statement-1"
            let token = try forge.token(input, nonce: nonce, identifier: identifier)
            let answer = try await Self.post("workers", #"{"attestation":"\#(token)"}"#, port)
            observation.isAllowed = answer.status == 201
            observation.records[.apiError] = answer.reason.map { [$0] } ?? []
            observation.exports = answer.text
            if turn < input.present ?? 1, !observation.isAllowed {
                observation.vacuity = "the first is refused: \(answer)"
            }
        }
        return observation
    }

    private struct Answer {
        let status: UInt
        let text: String
        var reason: String? { field("reason") }
        var nonce: String? { field("nonce") }

        private func field(_ name: String) -> String? {
            guard case .object(let members) = try? JSONDecoder().decode(JSONTree.self, from: Data(text.utf8)) else {
                return nil
            }
            if case .string(let value)? = members[name] { return value }
            if case .object(let error)? = members["error"], case .string(let value)? = error[name] { return value }
            return nil
        }
    }

    private static func post(_ path: String, _ body: String, _ port: Int) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/v1/\(path)")
        request.method = .POST
        request.headers = ["authorization": "Bearer \(bearer)", "content-type": "application/json"]
        request.body = .bytes(Array(body.utf8))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        let content = try await response.body.collect(upTo: 1 << 20)
        return Answer(status: response.status.code, text: String(buffer: content))
    }

    /// Starts a service that believes the forge's key; it ends with the test run.
    private static func serve(_ forge: TokenForge) async throws -> Int {
        guard let digest = Digest(TokenForge.digest), let address = ListenAddress("127.0.0.1:0") else {
            throw SupportError("the forge's digest is none")
        }
        var policy = WorkerFleetPolicy()
        for field in WorkerFleetPolicy.DigestField.allCases { policy.digests[field] = [digest] }
        let manager = WorkerFleetManager(policy: policy, trust: forge.trust, store: MemoryWorkerStore())
        let tokens = try AccessTokens(parsing: "worker \(bearer)")
        return try await withCheckedThrowingContinuation { listening in
            let server = FleetServer(
                manager,
                FleetServer.Settings(address: address, tokens: tokens) { listening.resume(returning: $0) }
            )
            Task { try await server.run() }
        }
    }
}
