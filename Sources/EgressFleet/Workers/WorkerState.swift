// SPDX-License-Identifier: Apache-2.0

/// What the registry holds about a worker's life. Raw values are stable: they stand in the database, the API and scripts.
public enum WorkerState: String, Sendable, Hashable, CaseIterable, Codable {
    /// Attested, and heard from lately: it may be given work.
    case ready
    /// Attested, but not heard from for a while.
    case stale
    /// Attested; it finishes what it has and is given nothing new.
    case draining
    /// It said that it ended.
    case finished
    /// Not heard from for long; it had no work.
    case offline
    /// Not heard from for long, while it had work that is now nobody's.
    case orphaned
    /// It said that it failed.
    case failed
    /// Its attestation no longer counts: too old, or void since it was released from quarantine.
    case unattested
    /// Shut out by an operator until an operator releases it.
    case quarantined

    /// Whether its attestation counts now, so that its heartbeats do too.
    public var isPresent: Bool {
        switch self {
        case .ready, .stale, .draining: true
        case .finished, .offline, .orphaned, .failed, .unattested, .quarantined: false
        }
    }
}

/// What happens to a worker.
public enum WorkerSignal: String, Sendable, Hashable, CaseIterable {
    /// A fresh attestation of it was accepted.
    case attest
    /// It sent a heartbeat.
    case beat
    /// It said that it failed.
    case fail
    /// It said that it ended.
    case finish
    /// It has been silent for the policy's `stale_after`.
    case fallSilent = "fall_silent"
    /// It has been silent for the policy's `offline_after`, and had no work.
    case loseIdle = "lose_idle"
    /// It has been silent for the policy's `offline_after`, and had work.
    case loseBusy = "lose_busy"
    /// Its attestation became too old.
    case lapse
    /// An operator wants it to finish what it has and take nothing new.
    case drain
    /// An operator shuts it out.
    case quarantine
    /// An operator takes back the draining or the quarantine.
    case release
}
