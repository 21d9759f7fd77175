// SPDX-License-Identifier: Apache-2.0

public import EgressAudit

/// How many workers are in which state.
public struct FleetSnapshot: Hashable, Sendable {
    /// When it was taken.
    public var at: Timestamp
    /// The count of every state, also of those that no worker is in.
    public var counts: [WorkerState: Int]

    /// A snapshot with these counts; states that are left out count zero.
    public init(at: Timestamp, counts: [WorkerState: Int]) {
        self.at = at
        self.counts = Dictionary(uniqueKeysWithValues: WorkerState.allCases.map { ($0, counts[$0] ?? 0) })
    }

    /// All workers.
    public var total: Int { counts.values.reduce(0, +) }
}
