// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressEvidence
import EgressFleet
import FleetSupport
import Testing

struct WorkerFleetManagerTests {
    @Test(arguments: StoreKind.allCases)
    func `a worker with a good attestation is ready, and its heartbeats keep it so`(kind: StoreKind) async throws {
        let (store, folder) = try kind.make()
        defer { withExtendedLifetime(folder) {} }
        let fleet = TestFleet(store)
        let registration = try await fleet.register("w-1")
        #expect(registration.worker.state == .ready)
        #expect(registration.worker.facts.isolation == "netns")
        #expect(registration.worker.facts.egressProxy)
        #expect(registration.lease.utf8.count == 64)
        for _ in 0..<10 {
            fleet.wait(29_999)
            let worker = try await fleet.manager.heartbeat("w-1", lease: registration.lease, Heartbeat(running: 2))
            #expect(worker.state == .ready && worker.running == 2 && worker.heardAt == fleet.now)
        }
        // Heartbeats leave no trace in the history.
        #expect(try await fleet.manager.events(EventQuery()).map(\.signal) == [.attest])
        #expect(try await fleet.manager.snapshot().counts[.ready] == 1)
    }

    @Test func `silence makes a worker stale and then lost, to the millisecond`() async throws {
        let fleet = TestFleet()
        let registration = try await fleet.register("w")
        fleet.wait(29_999)
        #expect(try await fleet.manager.worker("w").state == .ready)
        fleet.wait(1)
        #expect(try await fleet.manager.worker("w").state == .stale)
        fleet.wait(89_999)
        #expect(try await fleet.manager.sweep() == 1)
        #expect(try await fleet.manager.workers(WorkerQuery()).map(\.state) == [.stale])
        // A stale worker comes back by a heartbeat...
        let back = try await fleet.manager.heartbeat("w", lease: registration.lease, Heartbeat())
        #expect(back.state == .ready)
        fleet.wait(120_000)
        #expect(try await fleet.manager.sweep() == 1)
        #expect(try await fleet.manager.workers(WorkerQuery()).map(\.state) == [.offline])
        // ...and one that is offline does not.
        await #expect(throws: FleetError.attestationNeeded(.offline)) {
            try await fleet.manager.heartbeat("w", lease: registration.lease, Heartbeat())
        }
        #expect(try await fleet.register("w").worker.state == .ready)
        let history = try await fleet.manager.events(EventQuery())
        #expect(history.map(\.signal) == [.attest, .loseIdle, .beat, .fallSilent, .attest])
        #expect(history.map(\.actor) == [.worker, .clock, .worker, .clock, .worker])
    }

    @Test func `a heartbeat that is too late is refused even before any sweep`() async throws {
        let fleet = TestFleet()
        let registration = try await fleet.register("w")
        fleet.wait(120_000)
        await #expect(throws: FleetError.attestationNeeded(.offline)) {
            try await fleet.manager.heartbeat("w", lease: registration.lease, Heartbeat())
        }
        #expect(try await fleet.manager.events(EventQuery()).map(\.signal) == [.loseIdle, .attest])
    }

    @Test func `a worker that is lost with work is orphaned`() async throws {
        let fleet = TestFleet()
        let registration = try await fleet.register("w")
        _ = try await fleet.manager.heartbeat("w", lease: registration.lease, Heartbeat(running: 1))
        fleet.wait(120_000)
        try await fleet.manager.sweep()
        #expect(try await fleet.manager.worker("w").state == .orphaned)
        await #expect(throws: FleetError.attestationNeeded(.orphaned)) {
            try await fleet.manager.heartbeat("w", lease: registration.lease, Heartbeat())
        }
        #expect(try await fleet.register("w").worker.running == 0)
    }

    @Test func `an attestation counts for its lifetime and not longer`() async throws {
        var policy = WorkerFleetPolicy()
        policy.deadlines.attestationLifetime = .seconds(60)
        let fleet = TestFleet(policy: policy)
        let lease = try await fleet.register("w").lease
        fleet.wait(29_000)
        _ = try await fleet.manager.heartbeat("w", lease: lease, Heartbeat())
        fleet.wait(29_000)
        _ = try await fleet.manager.heartbeat("w", lease: lease, Heartbeat())
        fleet.wait(1999)
        _ = try await fleet.manager.heartbeat("w", lease: lease, Heartbeat())
        fleet.wait(1)
        await #expect(throws: FleetError.attestationNeeded(.unattested)) {
            try await fleet.manager.heartbeat("w", lease: lease, Heartbeat())
        }
    }

    @Test func `an attestation that is renewed in time starts its lifetime anew, with a new lease`() async throws {
        let fleet = TestFleet()
        let old = try await fleet.register("w").lease
        _ = try await fleet.manager.drain("w", note: "kernel update")
        let token = try fleet.token("w")
        await #expect(throws: FleetError.leaseRefused) {
            try await fleet.manager.reattest("w", lease: "x", token: token)
        }
        let renewed = try await fleet.manager.reattest("w", lease: old, token: token)
        #expect(renewed.worker.state == .draining && renewed.lease != old)
        await #expect(throws: FleetError.leaseRefused) {
            try await fleet.manager.heartbeat("w", lease: old, Heartbeat())
        }
        _ = try await fleet.manager.heartbeat("w", lease: renewed.lease, Heartbeat())
        let other = try fleet.token("other")
        await #expect(throws: FleetError.attestation(.workerIDMismatch(found: "other"))) {
            try await fleet.manager.reattest("w", lease: renewed.lease, token: other)
        }
    }

    @Test func `a token is accepted once`() async throws {
        let fleet = TestFleet()
        let token = try fleet.token("w")
        _ = try await fleet.manager.register(token: token)
        await #expect(throws: FleetError.replayed) { try await fleet.manager.register(token: token) }
    }

    @Test func `a nonce is accepted once, also for another worker and under another token id`() async throws {
        let fleet = TestFleet()
        var statement = fleet.statement("a")
        _ = try await fleet.manager.register(token: try fleet.signer.token(statement))
        statement.workerID = "b"
        statement.tokenID = "another"
        let token = try fleet.signer.token(statement)
        await #expect(throws: FleetError.replayed) { try await fleet.manager.register(token: token) }
        // And the token id alone, with a fresh nonce.
        var again = fleet.statement("c")
        again.tokenID = "one"
        _ = try await fleet.manager.register(token: try fleet.signer.token(again))
        again.nonce = fleet.manager.challenge().nonce
        again.workerID = "d"
        let same = try fleet.signer.token(again)
        await #expect(throws: FleetError.replayed) { try await fleet.manager.register(token: same) }
    }

    @Test func `a replay is refused for as long as the token would be accepted`() async throws {
        var policy = WorkerFleetPolicy()
        policy.requireNonce = false
        policy.maximumAge = .seconds(3600)
        let fleet = TestFleet(policy: policy)
        let token = try fleet.signer.token(Statement(workerID: "w", at: fleet.seconds))
        _ = try await fleet.manager.register(token: token)
        // It expires after 600 s, and 30 s of skew are granted.
        fleet.wait(629_000)
        try await fleet.manager.sweep()
        await #expect(throws: FleetError.replayed) { try await fleet.manager.register(token: token) }
        fleet.wait(1000)
        try await fleet.manager.sweep()
        await #expect(throws: FleetError.attestation(.expired(at: fleet.seconds - 30))) {
            try await fleet.manager.register(token: token)
        }
    }

    @Test func `a nonce must be ours, and not older than five minutes`() async throws {
        var policy = WorkerFleetPolicy()
        policy.maximumAge = .seconds(3600)
        let fleet = TestFleet(policy: policy)
        let none = try fleet.signer.token(Statement(workerID: "w", at: fleet.seconds))
        await #expect(throws: FleetError.attestation(.missingNonce)) { try await fleet.manager.register(token: none) }
        let foreign = ChallengeIssuer().issue(expires: fleet.now.later(60_000))
        let forged = try fleet.signer.token(Statement(workerID: "w", at: fleet.seconds, nonce: foreign))
        await #expect(throws: FleetError.unknownNonce) { try await fleet.manager.register(token: forged) }
        let (first, second) = (try fleet.token("w"), try fleet.token("w"))
        fleet.wait(299_999)
        _ = try await fleet.manager.register(token: first)
        fleet.wait(1)
        await #expect(throws: FleetError.unknownNonce) { try await fleet.manager.register(token: second) }
    }

    @Test func `a worker that says it failed or ended needs a fresh attestation`() async throws {
        for (status, state) in [(Heartbeat.Status.failed, WorkerState.failed), (.finished, .finished)] {
            let fleet = TestFleet()
            let lease = try await fleet.register("w").lease
            let said = Heartbeat(status: status, running: 4, note: "out of disk")
            let worker = try await fleet.manager.heartbeat("w", lease: lease, said)
            #expect(worker.state == state && worker.note == "out of disk" && worker.running == 0)
            await #expect(throws: FleetError.attestationNeeded(state)) {
                try await fleet.manager.heartbeat("w", lease: lease, Heartbeat())
            }
            let token = try fleet.token("w")
            await #expect(throws: FleetError.attestationNeeded(state)) {
                try await fleet.manager.reattest("w", lease: lease, token: token)
            }
            #expect(try await fleet.manager.register(token: token).worker.state == .ready)
        }
    }

    @Test func `a clock that is put back makes nobody stale, and tokens of the future are refused`() async throws {
        let fleet = TestFleet()
        let lease = try await fleet.register("w").lease
        fleet.wait(-1_000_000)
        #expect(try await fleet.manager.sweep() == 0)
        #expect(try await fleet.manager.heartbeat("w", lease: lease, Heartbeat()).state == .ready)
    }

    @Test func `silence while nobody listened does not count`() async throws {
        let store = MemoryWorkerStore()
        let fleet = TestFleet(store)
        let lease = try await fleet.register("w").lease
        fleet.wait(1_000_000)
        // The registry was down for all that time, and starts now.
        let restarted = WorkerFleetManager(policy: WorkerFleetPolicy(), trust: fleet.signer.trust, store: store) {
            fleet.now
        }
        try await restarted.sweep()
        #expect(try await restarted.worker("w").state == .ready)
        fleet.wait(30_000)
        try await restarted.sweep()
        #expect(try await restarted.workers(WorkerQuery()).map(\.state) == [.stale])
        #expect(try await restarted.heartbeat("w", lease: lease, Heartbeat()).state == .ready)
        fleet.wait(120_000)
        #expect(try await restarted.worker("w").state == .offline)
    }

    @Test func `workers that are long gone are forgotten`() async throws {
        let fleet = TestFleet()
        try await fleet.register("gone")
        try await fleet.register("shut-out")
        _ = try await fleet.manager.quarantine("shut-out", note: "odd")
        fleet.wait(7 * 86_400_000)
        try await fleet.manager.sweep()
        try await fleet.manager.sweep()
        #expect(try await fleet.manager.workers(WorkerQuery()).map(\.id) == ["shut-out"])
        await #expect(throws: FleetError.unknownWorker) { try await fleet.manager.worker("gone") }
    }

    @Test(arguments: ["", "a b", "a\u{0}b", "zoë", "a\n", "a\u{202e}b", "\u{7f}"])
    func `an id that is not printable ASCII is refused`(id: String) async throws {
        let fleet = TestFleet()
        let token = try fleet.token(id)
        await #expect(throws: FleetError.self) { try await fleet.manager.register(token: token) }
        #expect(try await fleet.manager.snapshot().total == 0)
    }

    @Test func `numbers and notes out of bounds are refused, those on the bounds are not`() async throws {
        let fleet = TestFleet()
        let lease = try await fleet.register("w").lease
        let long = String(repeating: "n", count: 500)
        for beat in [Heartbeat(running: 0, note: long), Heartbeat(running: 1_000_000)] {
            _ = try await fleet.manager.heartbeat("w", lease: lease, beat)
        }
        for beat in [Heartbeat(running: -1), Heartbeat(running: 1_000_001), Heartbeat(note: long + "n")] {
            await #expect(throws: FleetError.self) { try await fleet.manager.heartbeat("w", lease: lease, beat) }
        }
        for note in ["", " \n\t", long + "n", "a\u{0}b"] {
            await #expect(throws: FleetError.self) { try await fleet.manager.quarantine("w", note: note) }
        }
        #expect(try await fleet.manager.quarantine("w", note: long).note == long)
    }
}

extension Timestamp {
    fileprivate func later(_ milliseconds: UInt64) -> Timestamp {
        Timestamp(milliseconds: self.milliseconds + milliseconds)
    }
}
