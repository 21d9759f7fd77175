// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressFleet
import FleetSupport
import Testing

struct OperatorTests {
    @Test(arguments: StoreKind.allCases)
    func `a quarantined worker is out until it is released and attests anew`(kind: StoreKind) async throws {
        let (store, folder) = try kind.make()
        defer { withExtendedLifetime(folder) {} }
        let fleet = TestFleet(store)
        let lease = try await fleet.register("w").lease
        let early = try fleet.token("w")
        fleet.wait(1)
        #expect(try await fleet.manager.quarantine("w", note: "exfiltration alert").note == "exfiltration alert")
        await #expect(throws: FleetError.quarantined) {
            try await fleet.manager.heartbeat("w", lease: lease, Heartbeat())
        }
        let token = try fleet.token("w")
        await #expect(throws: FleetError.quarantined) { try await fleet.manager.register(token: token) }
        await #expect(throws: FleetError.quarantined) {
            try await fleet.manager.reattest("w", lease: lease, token: token)
        }
        await #expect(throws: FleetError.illegalTransition(.init(state: .quarantined, signal: .drain))) {
            try await fleet.manager.drain("w")
        }
        // Silence does not bring it out either.
        fleet.wait(200_000)
        try await fleet.manager.sweep()
        #expect(try await fleet.manager.worker("w").state == .quarantined)

        #expect(try await fleet.manager.release("w", note: "false alarm").state == .unattested)
        await #expect(throws: FleetError.attestationNeeded(.unattested)) {
            try await fleet.manager.heartbeat("w", lease: lease, Heartbeat())
        }
        // Kept ready since before the quarantine, and never used.
        await #expect(throws: FleetError.attestationNeeded(.unattested)) {
            try await fleet.manager.register(token: early)
        }
        #expect(try await fleet.register("w").worker.state == .ready)
        await #expect(throws: FleetError.leaseRefused) {
            try await fleet.manager.heartbeat("w", lease: lease, Heartbeat())
        }
        let history = try await fleet.manager.events(EventQuery(workerID: "w"))
        #expect(history.map(\.signal) == [.attest, .release, .quarantine, .attest])
        #expect(history.map(\.to) == [.ready, .unattested, .quarantined, .ready])
        #expect(history.map(\.note) == [nil, "false alarm", "exfiltration alert", nil])
    }

    @Test func `a draining worker goes on until it ends, or is released`() async throws {
        let fleet = TestFleet()
        let lease = try await fleet.register("w").lease
        #expect(try await fleet.manager.drain("w", note: "old kernel").state == .draining)
        let beat = try await fleet.manager.heartbeat("w", lease: lease, Heartbeat(running: 1))
        #expect(beat.state == .draining && beat.note == "old kernel")
        #expect(try await fleet.manager.release("w").state == .ready)
        _ = try await fleet.manager.drain("w")
        let ended = try await fleet.manager.heartbeat("w", lease: lease, Heartbeat(status: .finished))
        #expect(ended.state == .finished)
    }

    @Test func `commands about nobody are refused`() async throws {
        let fleet = TestFleet()
        await #expect(throws: FleetError.unknownWorker) { try await fleet.manager.drain("w") }
        await #expect(throws: FleetError.unknownWorker) { try await fleet.manager.quarantine("w", note: "n") }
        await #expect(throws: FleetError.unknownWorker) { try await fleet.manager.release("w") }
        await #expect(throws: FleetError.unknownWorker) {
            try await fleet.manager.heartbeat("w", lease: "l", Heartbeat())
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `of a quarantine among many heartbeats no heartbeat comes after it`(kind: StoreKind) async throws {
        let (store, folder) = try kind.make()
        defer { withExtendedLifetime(folder) {} }
        let fleet = TestFleet(store)
        for round in 0..<5 {
            let id = "w\(round)"
            let lease = try await fleet.register(id).lease
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        for running in 0..<10 {
                            _ = try? await fleet.manager.heartbeat(id, lease: lease, Heartbeat(running: running))
                        }
                    }
                }
                group.addTask {
                    // Lost races are told as `busy`, and nothing was changed then.
                    var isDone = false
                    while !isDone { isDone = (try? await fleet.manager.quarantine(id, note: "now")) != nil }
                }
            }
            let worker = try await fleet.manager.worker(id)
            #expect(worker.state == .quarantined && worker.leaseDigest.isEmpty)
            #expect(try await fleet.manager.events(EventQuery(workerID: id)).first?.to == .quarantined)
        }
    }
}
