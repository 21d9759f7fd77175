// SPDX-License-Identifier: Apache-2.0

import EgressAudit

extension WorkerFleetManager {
    /// The most workers that one sweep moves; the rest is left to the next.
    static let sweepLimit = 5000

    /// Stores what time has done, and forgets workers that are long gone.
    ///
    /// Nothing depends on how often this runs but how soon lists, counts and the history show it.
    ///
    /// - Returns: How many workers were moved.
    @discardableResult
    public func sweep() async throws(FleetError) -> Int {
        let now = clock()
        let overdue = try await reading { () throws(WorkerStoreError) in
            try await store.overdueWorkers(
                OverdueQuery(
                    readyHeardBy: moment(of: policy.deadlines.staleAfter, before: now),
                    heardBy: moment(of: policy.deadlines.offlineAfter, before: now),
                    attestedBy: now.rewound(by: policy.deadlines.attestationLifetime),
                    limit: Self.sweepLimit
                )
            )
        }
        let moved = try await applyAll(overdue.compactMap { overdueChange($0, at: now) })
        _ = try await reading { () throws(WorkerStoreError) in
            let unheard = now.rewound(by: policy.forgetAfter)
            return try await store.forget(unheardSince: unheard, now: now, limit: Self.sweepLimit)
        }
        return moved
    }

    /// The moment at or before which a worker must have been heard from last to have been silent for so long; the beginning
    /// of time when nobody has listened for so long.
    private func moment(of silence: Duration, before now: Timestamp) -> Timestamp {
        now.since(watchedSince) >= silence ? now.rewound(by: silence) : Timestamp(milliseconds: 0)
    }

    /// Applies changes side by side, so that they share commits. A worker that was changed meanwhile is left as it is.
    private func applyAll(_ changes: [WorkerChange]) async throws(FleetError) -> Int {
        let failures = await withTaskGroup(of: WorkerStoreError?.self) { group in
            for change in changes {
                group.addTask { [store] in
                    do throws(WorkerStoreError) {
                        _ = try await store.apply(change)
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            return await group.reduce(into: [WorkerStoreError]()) { if let error = $1 { $0.append(error) } }
        }
        if let failure = failures.first(where: { $0 != WorkerStoreError.conflict }) { throw FleetError(failure) }
        return changes.count - failures.count
    }
}
