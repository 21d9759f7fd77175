// SPDX-License-Identifier: Apache-2.0

import EgressEvidence
import EgressFleet
import FleetSupport
import Testing

/// What the policy asks of an attestation; the attestation's own rules have their tests elsewhere.
struct AdmissionTests {
    static func digest(_ digit: Character) throws -> Digest {
        try #require(Digest("sha256:" + String(repeating: digit, count: 64)))
    }

    /// The code of the error that a statement is refused with, or nil if it is accepted.
    func refusal(_ policy: WorkerFleetPolicy, _ edit: (inout Statement) -> Void = { _ in }) async throws -> String? {
        let fleet = TestFleet(policy: policy)
        var statement = fleet.statement("w")
        edit(&statement)
        let token = try fleet.signer.token(statement)
        do throws(FleetError) {
            _ = try await fleet.manager.register(token: token)
            return nil
        } catch {
            #expect(try await fleet.manager.snapshot().total == 0)
            return error.code
        }
    }

    @Test func `a worker whose egress is not bound is refused where that is required`() async throws {
        var policy = WorkerFleetPolicy()
        #expect(try await refusal(policy) == nil)
        #expect(try await refusal(policy) { $0.isHeld = false } == "missing_egress_proxy_binding")
        #expect(try await refusal(policy) { $0.isolation = "preload" } == "missing_egress_proxy_binding")
        policy.requireEgressProxy = false
        #expect(try await refusal(policy) { $0.isHeld = false } == nil)
        #expect(try await refusal(policy) { $0.isolation = "preload" } == "isolation_too_low")
        policy.minimumIsolation = .preload
        #expect(try await refusal(policy) { $0.isolation = "preload" } == nil)
    }

    @Test(arguments: WorkerFleetPolicy.DigestField.allCases)
    func `a digest must be one of those that the policy names`(field: WorkerFleetPolicy.DigestField) async throws {
        var policy = WorkerFleetPolicy()
        policy.digests[field] = [try Self.digest("b"), try Self.digest("c")]
        #expect(try await refusal(policy) == "digest_mismatch")
        let isStated = [.policy, .launcher, .executable].contains(field)
        policy.digests[field] = [try Self.digest("b"), try Self.digest("a")]
        #expect(try await refusal(policy) == (isStated ? nil : "digest_mismatch"))
        policy.digests[field] = []
        #expect(try await refusal(policy) == "digest_mismatch")
    }

    @Test func `an attestation has an age limit`() async throws {
        let policy = WorkerFleetPolicy()
        // 300 seconds, and 30 of skew.
        #expect(try await refusal(policy) { $0.issuedAt -= 330 } == nil)
        #expect(try await refusal(policy) { $0.issuedAt -= 331 } == "too_old")
        #expect(try await refusal(policy) { $0.issuedAt += 31 } == "not_yet_valid")
    }

    @Test func `tokens of other keys, cut tokens and other texts are refused`() async throws {
        let fleet = TestFleet()
        let stranger = try StatementSigner().token(fleet.statement("w"))
        let good = try fleet.token("w")
        for token in [stranger, String(good.dropLast()), good + "A", "", "...", String(repeating: "A", count: 20_000)] {
            await #expect(throws: FleetError.self) { try await fleet.manager.register(token: token) }
        }
        _ = try await fleet.manager.register(token: good)
    }

    @Test func `a nonce is known again by its issuer only, and only unchanged`() throws {
        let key = SecureRandom.bytes(32)
        let expires = TestFleet().now
        let nonce = ChallengeIssuer(key: key).issue(expires: expires)
        #expect(nonce.utf8.count == 54)
        #expect(ChallengeIssuer(key: key).expiry(of: nonce) == expires)
        #expect(ChallengeIssuer().expiry(of: nonce) == nil)
        for index in nonce.indices {
            for other in ["A", "B", "_"] where other != String(nonce[index]) {
                let changed = nonce.replacingCharacters(at: index, with: other)
                #expect(ChallengeIssuer(key: key).expiry(of: changed) == nil, "\(changed)")
            }
        }
        for text in ["", nonce + "A", nonce + "=", String(nonce.dropLast()), String(repeating: "é", count: 27)] {
            #expect(ChallengeIssuer(key: key).expiry(of: text) == nil)
        }
    }
}

extension String {
    fileprivate func replacingCharacters(at index: Index, with text: String) -> String {
        self[..<index] + text + self[self.index(after: index)...]
    }
}
