// SPDX-License-Identifier: Apache-2.0

public import EgressAudit

/// Where a fleet is kept.
///
/// Written so that a database server can stand behind it: no call holds a lock between two calls, and a change names the
/// version of the worker that it was made from (`UPDATE ... WHERE version = ...`), so that of two writers who read the same
/// version one wins and the other is told. A call that returns has made its change last as long as the store's
/// documentation promises; a call that throws has changed nothing, or throws `failed` when that is not known.
public protocol WorkerStore: Sendable {
    /// The worker of this id.
    func worker(_ id: String) async throws(WorkerStoreError) -> Worker?

    /// Makes one change, all of it or nothing.
    ///
    /// - Returns: The worker as it is now stored, with its new version.
    /// - Throws: `conflict` when the worker is not at the version that the change was made from; `replayed` when
    ///   something that may be used once was used before; `full` when a table has no room.
    func apply(_ change: WorkerChange) async throws(WorkerStoreError) -> Worker

    /// Workers in the order of their ids.
    func workers(_ query: WorkerQuery) async throws(WorkerStoreError) -> [Worker]

    /// Workers that time has done something to.
    func overdueWorkers(_ query: OverdueQuery) async throws(WorkerStoreError) -> [Worker]

    /// How many workers are in each state.
    func counts() async throws(WorkerStoreError) -> [WorkerState: Int]

    /// Events, the latest first.
    func events(_ query: EventQuery) async throws(WorkerStoreError) -> [FleetEvent]

    /// Removes what no longer matters: workers neither present nor quarantined that were not heard from after `unheard`, and the
    /// marks of single uses that ended before `now`.
    ///
    /// - Returns: How many workers were removed.
    func forget(unheardSince unheard: Timestamp, now: Timestamp, limit: Int) async throws(WorkerStoreError) -> Int
}

/// A change of one worker, with what must be stored in the same transaction.
public struct WorkerChange: Hashable, Sendable {
    /// The worker as it shall be, with the version that it was read with.
    public var worker: Worker
    /// What is added to the history.
    public var event: FleetEvent?
    /// What is used up by it.
    public var uses: [SingleUse]

    /// A change of these values.
    public init(worker: Worker, event: FleetEvent? = nil, uses: [SingleUse] = []) {
        self.worker = worker
        self.event = event
        self.uses = uses
    }
}

/// The mark of something that may be used once: a token's id, or a nonce.
public struct SingleUse: Hashable, Sendable {
    /// Its SHA-256, with what it is mixed in.
    public var digest: [UInt8]
    /// When it can't be used any more for its age, so that the mark can go.
    public var expires: Timestamp

    /// A mark of these values.
    public init(digest: [UInt8], expires: Timestamp) {
        self.digest = digest
        self.expires = expires
    }
}

/// Which workers.
public struct WorkerQuery: Hashable, Sendable {
    /// Only those in this state.
    public var state: WorkerState?
    /// Only those whose id comes after this, by its UTF-8 bytes.
    public var after: String?
    /// At most so many.
    public var limit: Int

    /// A query of these values.
    public init(state: WorkerState? = nil, after: String? = nil, limit: Int = 100) {
        self.state = state
        self.after = after
        self.limit = limit
    }
}

/// Which workers time has done something to: those that are ready and were last heard from at `readyHeardBy` or
/// before, and those that are present and were last heard from or attested at the other two moments or before.
public struct OverdueQuery: Hashable, Sendable {
    /// For the workers that are ready.
    public var readyHeardBy: Timestamp
    /// For all that are present.
    public var heardBy: Timestamp
    /// For all that are present.
    public var attestedBy: Timestamp
    /// At most so many.
    public var limit: Int

    /// A query of these values.
    public init(readyHeardBy: Timestamp, heardBy: Timestamp, attestedBy: Timestamp, limit: Int) {
        self.readyHeardBy = readyHeardBy
        self.heardBy = heardBy
        self.attestedBy = attestedBy
        self.limit = limit
    }
}

/// Which events.
public struct EventQuery: Hashable, Sendable {
    /// Only those of this worker.
    public var workerID: String?
    /// Only those that came before the one of this number.
    public var before: Int64?
    /// At most so many.
    public var limit: Int

    /// A query of these values.
    public init(workerID: String? = nil, before: Int64? = nil, limit: Int = 100) {
        self.workerID = workerID
        self.before = before
        self.limit = limit
    }
}

/// What a store holds at most. A table that is full refuses; only the history drops its oldest.
public struct StoreLimits: Hashable, Sendable {
    /// Workers of all states.
    public var workers: Int
    /// Events; the oldest are dropped.
    public var events: Int
    /// Marks of single uses.
    public var uses: Int

    /// Limits of these sizes.
    public init(workers: Int = 100_000, events: Int = 10_000, uses: Int = 1_000_000) {
        self.workers = workers
        self.events = events
        self.uses = uses
    }
}

/// Why a store did not do what was asked.
public enum WorkerStoreError: Error, Hashable, Sendable {
    /// The worker was changed by somebody else since it was read.
    case conflict
    /// A token or nonce was used before.
    case replayed
    /// A table is full.
    case full(String)
    /// More is waiting to be written than may wait.
    case busy
    /// The store does not work; the text is for the log.
    case failed(String)
}
