// SPDX-License-Identifier: Apache-2.0

import EgressEvidence
import EgressFleet

/// Shows a statement to the library: verify, validate, and the guard against replays.
struct AttestationReplay {
    let input: AttestationInput

    /// What it says; of several statements, to the last.
    func observation() throws -> Observation {
        let forge = TokenForge()
        var admitted = AttestationReplayGuard()
        do {
            for turn in 1...max(input.present ?? 1, 1) {
                let identifier = input.freshTokenID == true ? "statement-\(turn)" : "statement-1"
                let token = try forge.token(input, nonce: TokenForge.nonce, identifier: identifier)
                let attestation = try WorkerAttestation.verify(token: token, trust: forge.trust)
                try attestation.validate(Self.expectation, at: forge.now)
                try admitted.admit(attestation, at: forge.now)
            }
            var observation = Observation(records: [.typedError: []], exports: "")
            observation.isAllowed = true
            return observation
        } catch let error as WorkerAttestationError {
            // Its text may quote the token; who shows it makes it printable.
            return Observation(records: [.typedError: [error.code]], exports: error.description.debugDescription)
        }
    }

    /// All that can be asked for.
    private static var expectation: WorkerAttestationExpectation {
        let digest = Digest(TokenForge.digest)
        var expectation = WorkerAttestationExpectation()
        expectation.policyDigest = digest
        expectation.launcherDigest = digest
        expectation.executableDigest = digest
        expectation.imageDigest = digest
        expectation.buildDigest = digest
        expectation.artifactDigest = digest
        expectation.workerID = TokenForge.workerID
        expectation.nonce = TokenForge.nonce
        expectation.maximumAge = 300
        return expectation
    }
}
