// SPDX-License-Identifier: Apache-2.0

public import EgressAudit

/// One step of a worker's life, as the history keeps it.
public struct FleetEvent: Hashable, Sendable {
    /// Rises with time; 0 before it is stored.
    public var sequence: Int64
    /// When it happened.
    public var at: Timestamp
    /// The worker.
    public var workerID: String
    /// What happened.
    public var signal: WorkerSignal
    /// The state before; nil for a worker that was new.
    public var from: WorkerState?
    /// The state after.
    public var to: WorkerState
    /// Who did it: `worker`, `operator` or `clock`.
    public var actor: Actor
    /// The words that came with it; untrusted text.
    public var note: String?

    /// Whose doing an event is.
    public enum Actor: String, Sendable, Hashable, CaseIterable {
        /// The worker itself.
        case worker
        /// A person with an operator's token.
        case `operator`
        /// Time that passed.
        case clock
    }

    /// An event of these values.
    public init(
        sequence: Int64 = 0,
        at: Timestamp,
        workerID: String,
        signal: WorkerSignal,
        from: WorkerState?,
        to: WorkerState,
        actor: Actor,
        note: String? = nil
    ) {
        self.sequence = sequence
        self.at = at
        self.workerID = workerID
        self.signal = signal
        self.from = from
        self.to = to
        self.actor = actor
        self.note = note
    }
}
