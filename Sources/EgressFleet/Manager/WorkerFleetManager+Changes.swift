// SPDX-License-Identifier: Apache-2.0

import EgressAudit

extension WorkerFleetManager {
    /// The longest note, in bytes of UTF-8.
    public static let maximumNoteLength = 500

    /// Makes one change of one worker, again when somebody else was faster.
    ///
    /// - Parameter decide: What the change is, given the worker as it is now; nil when it is not registered.
    func change(
        _ id: String,
        _ decide: (Worker?, Timestamp) throws(FleetError) -> WorkerChange
    ) async throws(FleetError) -> Worker {
        for _ in 0..<Self.maximumAttempts {
            let now = clock()
            do {
                let found = try await store.worker(id)
                if let found, let overdue = overdueChange(found, at: now) {
                    // Time's own step is stored first, so that the history shows it.
                    _ = try await store.apply(overdue)
                    continue
                }
                return try await store.apply(try decide(found, now))
            } catch let error as WorkerStoreError {
                if error != .conflict { throw FleetError(error) }
            } catch let error as FleetError {
                throw error
            } catch {
                throw .store("\(error)")
            }
        }
        throw .busy
    }

    /// What time has done to the worker and the store does not know.
    func overdueChange(_ worker: Worker, at now: Timestamp) -> WorkerChange? {
        guard let signal = worker.signalDue(at: now, deadlines: policy.deadlines, watchedSince: watchedSince),
            let later = try? worker.after(signal, at: now, note: nil)
        else { return nil }
        let event = FleetEvent(
            at: now,
            workerID: worker.id,
            signal: signal,
            from: worker.state,
            to: later.state,
            actor: .clock
        )
        return WorkerChange(worker: later, event: event)
    }

    /// Takes a worker out of service: it finishes what it has.
    ///
    /// - Throws: `illegalTransition` unless it is ready or stale.
    public func drain(_ id: String, note: String? = nil) async throws(FleetError) -> Worker {
        try await command(.drain, id, note)
    }

    /// Shuts a worker out: its lease is void, and no attestation of it is accepted until it is released.
    ///
    /// - Parameters:
    ///   - id: The worker.
    ///   - note: Why; not empty.
    public func quarantine(_ id: String, note: String) async throws(FleetError) -> Worker {
        guard note.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) else {
            throw .invalid("a quarantine needs a reason")
        }
        return try await command(.quarantine, id, note)
    }

    /// Takes back a draining, or a quarantine: a worker that was shut out needs a fresh attestation then.
    public func release(_ id: String, note: String? = nil) async throws(FleetError) -> Worker {
        try await command(.release, id, note)
    }

    private func command(_ signal: WorkerSignal, _ id: String, _ note: String?) async throws(FleetError) -> Worker {
        try Self.check(note: note)
        return try await change(id) { (found, now) throws(FleetError) in
            guard let found else { throw .unknownWorker }
            return try Self.step(found, signal, at: now, by: .operator, note: note)
        }
    }

    /// A step by the table, with its event.
    static func step(
        _ worker: Worker,
        _ signal: WorkerSignal,
        at now: Timestamp,
        by actor: FleetEvent.Actor,
        note: String?
    ) throws(FleetError) -> WorkerChange {
        do {
            let later = try worker.after(signal, at: now, note: note)
            let event = FleetEvent(
                at: now,
                workerID: worker.id,
                signal: signal,
                from: worker.state,
                to: later.state,
                actor: actor,
                note: note
            )
            return WorkerChange(worker: later, event: event)
        } catch {
            throw .illegalTransition(error)
        }
    }

    static func check(note: String?) throws(FleetError) {
        guard note?.utf8.count ?? 0 <= maximumNoteLength else {
            throw .invalid("a note has at most \(maximumNoteLength) bytes")
        }
        guard note?.utf8.contains(0) != true else { throw .invalid("a note holds no NUL") }
    }
}
