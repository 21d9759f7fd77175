// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressFleet
import FleetSupport
import Testing

struct WorkerStoreTests {
    static func worker(_ id: String, state: WorkerState = .ready, heard: UInt64 = 1000) -> Worker {
        var facts = AttestedFacts(
            tokenID: "t-\(id)",
            keyID: "k",
            isolation: "netns",
            egressProxy: true,
            softwareVersion: "1"
        )
        facts.policyDigest = "sha256:aa"
        facts.kernel = "6.18"
        return Worker(
            id: id,
            state: state,
            running: 3,
            note: "Zoë's <note> '; DROP TABLE workers; --",
            registeredAt: Timestamp(milliseconds: 1),
            since: Timestamp(milliseconds: 2),
            heardAt: Timestamp(milliseconds: heard),
            attestedAt: Timestamp(milliseconds: heard),
            leaseDigest: [UInt8](repeating: 7, count: 32),
            facts: facts
        )
    }

    static func event(_ id: String) -> FleetEvent {
        FleetEvent(at: Timestamp(milliseconds: 5), workerID: id, signal: .attest, from: nil, to: .ready, actor: .worker)
    }

    static func use(_ byte: UInt8, expires: UInt64 = 9000) -> SingleUse {
        SingleUse(digest: [UInt8](repeating: byte, count: 32), expires: Timestamp(milliseconds: expires))
    }

    @Test(arguments: StoreKind.allCases)
    func `a worker comes back as it was stored`(kind: StoreKind) async throws {
        let (store, folder) = try kind.make()
        defer { withExtendedLifetime(folder) {} }
        for id in ["w", "'; DROP TABLE workers; --", "<script>alert(1)</script>", "%_"] {
            var expected = Self.worker(id)
            let stored = try await store.apply(WorkerChange(worker: expected))
            expected.version = 1
            #expect(stored == expected)
            #expect(try await store.worker(id) == expected)
        }
        #expect(try await store.worker("W") == nil)
        #expect(try await store.counts() == [.ready: 4])
    }

    @Test(arguments: StoreKind.allCases)
    func `of two changes of one version the second is refused and changes nothing`(kind: StoreKind) async throws {
        let (store, folder) = try kind.make()
        defer { withExtendedLifetime(folder) {} }
        let first = try await store.apply(WorkerChange(worker: Self.worker("w")))
        var quarantined = first
        quarantined.state = .quarantined
        let winner = try await store.apply(WorkerChange(worker: quarantined))
        var beat = first
        beat.running = 9
        await #expect(throws: WorkerStoreError.conflict) {
            try await store.apply(WorkerChange(worker: beat, event: Self.event("w"), uses: [Self.use(1)]))
        }
        await #expect(throws: WorkerStoreError.conflict) {
            try await store.apply(WorkerChange(worker: Self.worker("w")))
        }
        #expect(try await store.worker("w") == winner)
        #expect(try await store.events(EventQuery()) == [])
        // The use of the refused change is not used up.
        _ = try await store.apply(WorkerChange(worker: winner, uses: [Self.use(1)]))
    }

    @Test(arguments: StoreKind.allCases)
    func `what is used up is refused, with the whole change`(kind: StoreKind) async throws {
        let (store, folder) = try kind.make()
        defer { withExtendedLifetime(folder) {} }
        _ = try await store.apply(WorkerChange(worker: Self.worker("a"), uses: [Self.use(1)]))
        await #expect(throws: WorkerStoreError.replayed) {
            try await store.apply(
                WorkerChange(worker: Self.worker("b"), event: Self.event("b"), uses: [Self.use(2), Self.use(1)])
            )
        }
        #expect(try await store.worker("b") == nil)
        #expect(try await store.events(EventQuery()) == [])
        _ = try await store.apply(WorkerChange(worker: Self.worker("b"), uses: [Self.use(2)]))
    }

    @Test(arguments: StoreKind.allCases)
    func `a mark of a use lasts until it expires and no longer`(kind: StoreKind) async throws {
        let (store, folder) = try kind.make()
        defer { withExtendedLifetime(folder) {} }
        let zero = Timestamp(milliseconds: 0)
        _ = try await store.apply(WorkerChange(worker: Self.worker("a"), uses: [Self.use(1, expires: 9000)]))
        _ = try await store.forget(unheardSince: zero, now: Timestamp(milliseconds: 8999), limit: 10)
        await #expect(throws: WorkerStoreError.replayed) {
            try await store.apply(WorkerChange(worker: Self.worker("b"), uses: [Self.use(1)]))
        }
        _ = try await store.forget(unheardSince: zero, now: Timestamp(milliseconds: 9000), limit: 10)
        _ = try await store.apply(WorkerChange(worker: Self.worker("b"), uses: [Self.use(1)]))
    }

    @Test(arguments: StoreKind.allCases)
    func `a full table refuses, and has room again after forgetting`(kind: StoreKind) async throws {
        let (store, folder) = try kind.make(StoreLimits(workers: 2, events: 10, uses: 2))
        defer { withExtendedLifetime(folder) {} }
        _ = try await store.apply(WorkerChange(worker: Self.worker("a"), uses: [Self.use(1), Self.use(2)]))
        await #expect(throws: WorkerStoreError.full("used tokens")) {
            try await store.apply(WorkerChange(worker: Self.worker("b"), uses: [Self.use(3)]))
        }
        _ = try await store.apply(WorkerChange(worker: Self.worker("b", state: .offline)))
        await #expect(throws: WorkerStoreError.full("workers")) {
            try await store.apply(WorkerChange(worker: Self.worker("c")))
        }
        let late = Timestamp(milliseconds: 9001)
        #expect(try await store.forget(unheardSince: Timestamp(milliseconds: 999), now: late, limit: 10) == 0)
        #expect(try await store.forget(unheardSince: Timestamp(milliseconds: 1000), now: late, limit: 10) == 1)
        _ = try await store.apply(WorkerChange(worker: Self.worker("c"), uses: [Self.use(3)]))
        #expect(try await store.counts() == [.ready: 2])
    }

    @Test(arguments: StoreKind.allCases)
    func `a worker that is present or quarantined is never forgotten`(kind: StoreKind) async throws {
        let (store, folder) = try kind.make()
        defer { withExtendedLifetime(folder) {} }
        for state in WorkerState.allCases {
            _ = try await store.apply(WorkerChange(worker: Self.worker(state.rawValue, state: state)))
        }
        let end = Timestamp(milliseconds: 1_000_000)
        #expect(try await store.forget(unheardSince: end, now: end, limit: 3) == 3)
        #expect(try await store.forget(unheardSince: end, now: end, limit: 100) == 2)
        #expect(
            try await store.workers(WorkerQuery()).map(\.state.rawValue)
                == ["draining", "quarantined", "ready", "stale"]
        )
    }

    @Test(arguments: StoreKind.allCases)
    func `the history keeps the latest, a bounded number of them`(kind: StoreKind) async throws {
        let (store, folder) = try kind.make(StoreLimits(workers: 10_000, events: 20))
        defer { withExtendedLifetime(folder) {} }
        for number in 0..<300 {
            let id = "w\(number)"
            _ = try await store.apply(WorkerChange(worker: Self.worker(id), event: Self.event(id)))
        }
        let all = try await store.events(EventQuery(limit: 1000))
        #expect(all.count >= 20 && all.count < 20 + 256)
        #expect(all.first?.workerID == "w299")
        #expect(all.map(\.sequence) == all.map(\.sequence).sorted(by: >))
        let page = try await store.events(EventQuery(before: all[2].sequence, limit: 2))
        #expect(page == Array(all[3..<5]))
        #expect(try await store.events(EventQuery(workerID: "w298")).map(\.workerID) == ["w298"])
    }

    @Test(arguments: StoreKind.allCases)
    func `workers are paged in the order of their bytes`(kind: StoreKind) async throws {
        let (store, folder) = try kind.make()
        defer { withExtendedLifetime(folder) {} }
        for id in ["b", "a", "B", "a1", "z"] { _ = try await store.apply(WorkerChange(worker: Self.worker(id))) }
        _ = try await store.apply(WorkerChange(worker: Self.worker("aa", state: .stale)))
        #expect(try await store.workers(WorkerQuery(limit: 3)).map(\.id) == ["B", "a", "a1"])
        #expect(try await store.workers(WorkerQuery(after: "a1", limit: 9)).map(\.id) == ["aa", "b", "z"])
        #expect(try await store.workers(WorkerQuery(state: .stale)).map(\.id) == ["aa"])
        #expect(try await store.workers(WorkerQuery(state: .stale, after: "aa")).map(\.id) == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `overdue workers are those at the moments and not after`(kind: StoreKind) async throws {
        let (store, folder) = try kind.make()
        defer { withExtendedLifetime(folder) {} }
        for (id, state, heard) in [
            ("ready-old", WorkerState.ready, 500), ("ready-new", .ready, 501), ("stale-old", .stale, 500),
            ("stale-lost", .stale, 100), ("draining-lost", .draining, 100), ("offline", .offline, 1),
        ] as [(String, WorkerState, UInt64)] {
            _ = try await store.apply(WorkerChange(worker: Self.worker(id, state: state, heard: heard)))
        }
        func overdue(_ ready: UInt64, _ heard: UInt64, _ attested: UInt64) async throws -> Set<String> {
            let query = OverdueQuery(
                readyHeardBy: Timestamp(milliseconds: ready),
                heardBy: Timestamp(milliseconds: heard),
                attestedBy: Timestamp(milliseconds: attested),
                limit: 100
            )
            return Set(try await store.overdueWorkers(query).map(\.id))
        }
        #expect(try await overdue(500, 100, 0) == ["ready-old", "stale-lost", "draining-lost"])
        #expect(try await overdue(499, 99, 0) == [])
        #expect(
            try await overdue(0, 0, 500) == ["ready-old", "stale-old", "stale-lost", "draining-lost"]
        )
    }

    @Test(arguments: StoreKind.allCases)
    func `many writers at once lose nothing`(kind: StoreKind) async throws {
        let (store, folder) = try kind.make()
        defer { withExtendedLifetime(folder) {} }
        _ = try await store.apply(WorkerChange(worker: Self.worker("shared")))
        // Each writer adds one to `running` twenty times, by the version it read.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<10 {
                group.addTask {
                    var left = 20
                    while left > 0 {
                        guard var worker = try await store.worker("shared") else { return }
                        worker.running += 1
                        do throws(WorkerStoreError) {
                            _ = try await store.apply(WorkerChange(worker: worker))
                            left -= 1
                        } catch {
                            #expect(error == .conflict)
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let worker = try await store.worker("shared")
        #expect(worker?.running == 3 + 200)
        #expect(worker?.version == 201)
    }
}
