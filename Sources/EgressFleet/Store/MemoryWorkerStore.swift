// SPDX-License-Identifier: Apache-2.0

public import EgressAudit

/// A fleet that is gone when the process ends: for tests, and for fleets that may forget.
public actor MemoryWorkerStore: WorkerStore {
    private let limits: StoreLimits
    private var table: [String: Worker] = [:]
    private var uses: [[UInt8]: Timestamp] = [:]
    private var history: [FleetEvent] = []
    private var lastSequence: Int64 = 0

    /// An empty store.
    public init(limits: StoreLimits = StoreLimits()) {
        self.limits = limits
    }

    /// The worker of this id.
    public func worker(_ id: String) -> Worker? { table[id] }

    /// Makes one change, all of it or nothing.
    public func apply(_ change: WorkerChange) throws(WorkerStoreError) -> Worker {
        var worker = change.worker
        guard worker.version == table[worker.id]?.version ?? 0 else { throw .conflict }
        guard worker.version > 0 || table.count < limits.workers else { throw .full("workers") }
        guard change.uses.allSatisfy({ uses[$0.digest] == nil }) else { throw .replayed }
        guard change.uses.isEmpty || uses.count + change.uses.count <= limits.uses else { throw .full("used tokens") }
        worker.version += 1
        table[worker.id] = worker
        for use in change.uses { uses[use.digest] = use.expires }
        if let event = change.event { remember(event) }
        return worker
    }

    /// Workers in the order of their ids.
    public func workers(_ query: WorkerQuery) -> [Worker] {
        let after = query.after.map { Array($0.utf8) }
        let chosen = table.values.filter { worker in
            (query.state == nil || worker.state == query.state)
                && (after.map { $0.lexicographicallyPrecedes(worker.id.utf8) } ?? true)
        }
        return Array(chosen.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }.prefix(max(0, query.limit)))
    }

    /// Workers that time has done something to.
    public func overdueWorkers(_ query: OverdueQuery) -> [Worker] {
        let chosen = table.values.lazy.filter { worker in
            let heardBy = worker.state == .ready ? max(query.readyHeardBy, query.heardBy) : query.heardBy
            return worker.state.isPresent && (worker.heardAt <= heardBy || worker.attestedAt <= query.attestedBy)
        }
        return Array(chosen.prefix(max(0, query.limit)))
    }

    /// How many workers are in each state.
    public func counts() -> [WorkerState: Int] {
        table.values.reduce(into: [:]) { $0[$1.state, default: 0] += 1 }
    }

    /// Events, the latest first.
    public func events(_ query: EventQuery) -> [FleetEvent] {
        let chosen = history.reversed().lazy.filter { event in
            event.sequence < query.before ?? .max && (query.workerID == nil || event.workerID == query.workerID)
        }
        return Array(chosen.prefix(max(0, query.limit)))
    }

    /// Removes what no longer matters.
    public func forget(unheardSince unheard: Timestamp, now: Timestamp, limit: Int) -> Int {
        uses = uses.filter { $0.value > now }
        let gone = table.values.filter { !$0.state.isPresent && $0.state != .quarantined && $0.heardAt <= unheard }
        for worker in gone.prefix(limit) { table[worker.id] = nil }
        return min(gone.count, limit)
    }

    private func remember(_ event: FleetEvent) {
        lastSequence += 1
        var event = event
        event.sequence = lastSequence
        history.append(event)
        // In blocks, so that the cost of moving the array is spread.
        if history.count >= limits.events + 256 { history.removeFirst(history.count - limits.events) }
    }
}
