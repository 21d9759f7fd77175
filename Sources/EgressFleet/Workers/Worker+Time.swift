// SPDX-License-Identifier: Apache-2.0

import EgressAudit

/// When a worker's silence or age counts against it.
public struct Deadlines: Hashable, Sendable {
    /// How often a worker should be heard from.
    public var heartbeatInterval: Duration
    /// The silence after which a worker is stale.
    public var staleAfter: Duration
    /// The silence after which a worker is lost.
    public var offlineAfter: Duration
    /// How long an accepted attestation counts.
    public var attestationLifetime: Duration

    /// Deadlines of these lengths.
    public init(
        heartbeatInterval: Duration = .seconds(10),
        staleAfter: Duration = .seconds(30),
        offlineAfter: Duration = .seconds(120),
        attestationLifetime: Duration = .seconds(86_400)
    ) {
        self.heartbeatInterval = heartbeatInterval
        self.staleAfter = staleAfter
        self.offlineAfter = offlineAfter
        self.attestationLifetime = attestationLifetime
    }
}

extension Worker {
    /// What time has done to the worker and is not yet in its state; nil when nothing is due.
    ///
    /// - Parameters:
    ///   - now: The present.
    ///   - deadlines: When silence counts.
    ///   - watchedSince: Since when heartbeats could have arrived: silence before it is the registry's, not the worker's.
    func signalDue(at now: Timestamp, deadlines: Deadlines, watchedSince: Timestamp) -> WorkerSignal? {
        guard state.isPresent else { return nil }
        let silence = now.since(max(heardAt, watchedSince))
        if silence >= deadlines.offlineAfter { return running > 0 ? .loseBusy : .loseIdle }
        if now.since(attestedAt) >= deadlines.attestationLifetime { return .lapse }
        return state == .ready && silence >= deadlines.staleAfter ? .fallSilent : nil
    }

    /// The worker after a signal.
    func after(_ signal: WorkerSignal, at now: Timestamp, note: String?) throws(IllegalTransition) -> Worker {
        var next = self
        next.state = try state.after(signal)
        if next.state != state || signal == .attest { next.since = now }
        // Why a worker is draining must survive its heartbeats.
        if next.state != state || note != nil { next.note = note }
        if !next.state.isPresent { next.leaseDigest = [] }
        return next
    }
}

extension Timestamp {
    /// The time since an earlier moment; zero when the clock was put back behind it.
    func since(_ earlier: Timestamp) -> Duration {
        milliseconds > earlier.milliseconds ? .milliseconds(milliseconds - earlier.milliseconds) : .zero
    }

    /// The moment so much later.
    func advanced(by duration: Duration) -> Timestamp {
        let (sum, overflows) = milliseconds.addingReportingOverflow(UInt64(clamping: duration.inMilliseconds))
        return Timestamp(milliseconds: overflows ? .max : sum)
    }

    /// The moment so much earlier, but not before 1970.
    func rewound(by duration: Duration) -> Timestamp {
        let span = UInt64(clamping: duration.inMilliseconds)
        return Timestamp(milliseconds: milliseconds > span ? milliseconds - span : 0)
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var inMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflows) = seconds.multipliedReportingOverflow(by: 1000)
        return overflows ? (seconds < 0 ? .min : .max) : product &+ attoseconds / 1_000_000_000_000_000
    }
}
