// SPDX-License-Identifier: Apache-2.0

/// A signal that has no meaning in a state.
public struct IllegalTransition: Error, Hashable, Sendable {
    /// The state the worker is in, and stays in.
    public var state: WorkerState
    /// What was to happen to it.
    public var signal: WorkerSignal

    /// An error for this pair.
    public init(state: WorkerState, signal: WorkerSignal) {
        self.state = state
        self.signal = signal
    }
}

extension WorkerState {
    /// Every legal step. What is not here is refused.
    ///
    /// A worker that was lost, failed or shut out comes back by `attest` only, and out of quarantine only by way of
    /// `unattested`: no heartbeat revives it.
    static let transitions: [WorkerState: [WorkerSignal: WorkerState]] = [
        .ready: [
            .attest: .ready, .beat: .ready, .fail: .failed, .finish: .finished, .fallSilent: .stale,
            .loseIdle: .offline, .loseBusy: .orphaned, .lapse: .unattested, .drain: .draining,
            .quarantine: .quarantined,
        ],
        .stale: [
            .attest: .ready, .beat: .ready, .fail: .failed, .finish: .finished,
            .loseIdle: .offline, .loseBusy: .orphaned, .lapse: .unattested, .drain: .draining,
            .quarantine: .quarantined,
        ],
        .draining: [
            .attest: .draining, .beat: .draining, .fail: .failed, .finish: .finished,
            .loseIdle: .offline, .loseBusy: .orphaned, .lapse: .unattested, .release: .ready,
            .quarantine: .quarantined,
        ],
        .finished: [.attest: .ready, .quarantine: .quarantined],
        .offline: [.attest: .ready, .quarantine: .quarantined],
        .orphaned: [.attest: .ready, .quarantine: .quarantined],
        .failed: [.attest: .ready, .quarantine: .quarantined],
        .unattested: [.attest: .ready, .quarantine: .quarantined],
        .quarantined: [.release: .unattested],
    ]

    /// The state after a signal.
    public func after(_ signal: WorkerSignal) throws(IllegalTransition) -> WorkerState {
        guard let next = Self.transitions[self]?[signal] else { throw IllegalTransition(state: self, signal: signal) }
        return next
    }
}
