// SPDX-License-Identifier: Apache-2.0

import EgressEvidence
import EgressFleet
import Testing

struct ReplayGuardTests {
    private func statement(_ id: String, nonce: String? = nil, expires: Int64 = 1000) -> WorkerAttestation {
        var statement = WorkerAttestation(
            keyID: "key",
            tokenID: id,
            workerID: "worker",
            issuedAt: 0,
            expiresAt: expires,
            isolation: .netns,
            softwareVersion: "1"
        )
        statement.nonce = nonce
        return statement
    }

    @Test func `a statement is accepted once`() throws {
        var replays = AttestationReplayGuard()
        try replays.admit(statement("a"), at: 10)
        #expect(throws: WorkerAttestationError.replayed) { try replays.admit(statement("a"), at: 11) }
        try replays.admit(statement("b"), at: 11)
    }

    @Test func `a nonce is accepted once, whatever statement it is in`() throws {
        var replays = AttestationReplayGuard()
        try replays.admit(statement("a", nonce: "n"), at: 10)
        #expect(throws: WorkerAttestationError.replayed) { try replays.admit(statement("b", nonce: "n"), at: 11) }
        try replays.admit(statement("b", nonce: "m"), at: 11)
    }

    @Test func `the identifiers of two keys are not the same`() throws {
        var replays = AttestationReplayGuard()
        var other = statement("a")
        other.keyID = "other"
        try replays.admit(statement("a"), at: 10)
        try replays.admit(other, at: 10)
    }

    @Test func `a statement is remembered until it can't be accepted any more`() throws {
        var replays = AttestationReplayGuard()
        try replays.admit(statement("a"), at: 10, clockSkew: 30)
        #expect(throws: WorkerAttestationError.replayed) { try replays.admit(statement("a"), at: 1029, clockSkew: 30) }
        try replays.admit(statement("a", expires: 5000), at: 1030, clockSkew: 30)
    }

    @Test func `a full guard accepts nothing, until something of it has expired`() throws {
        var replays = AttestationReplayGuard(capacity: 2)
        try replays.admit(statement("a", expires: 100), at: 10, clockSkew: 0)
        try replays.admit(statement("b", expires: 200), at: 10, clockSkew: 0)
        #expect(throws: WorkerAttestationError.replayGuardFull) {
            try replays.admit(statement("c"), at: 99, clockSkew: 0)
        }
        try replays.admit(statement("c"), at: 100, clockSkew: 0)
        #expect(replays.count == 2)
    }

    @Test func `a guard without room accepts nothing`() throws {
        var replays = AttestationReplayGuard(capacity: 0)
        #expect(throws: WorkerAttestationError.replayGuardFull) { try replays.admit(statement("a"), at: 0) }
    }
}
