// SPDX-License-Identifier: Apache-2.0

import LinuxSystem

/// How long what the command had sent may take to go out once the command has ended by itself.
///
/// Natively the kernel goes on with it for as long as the other side lives, and nobody waits. We have to stay, so there are
/// bounds: for each connection, so that one which stands still holds nobody up; for all together, so that a trickle can't
/// hold the run for ever; and the run's own time-out.
struct Drain {
    /// How long a connection's other side may acknowledge nothing, in nanoseconds.
    static let patience: UInt64 = 30_000_000_000
    /// How long all may take, in nanoseconds.
    static let maximum: UInt64 = 120_000_000_000
    /// How often what stands still is looked for, in nanoseconds.
    static let interval: UInt64 = 250_000_000

    /// Why something was given up.
    enum Reason: String {
        /// A connection stood still.
        case stalled = "the other side took nothing for 30 s"
        /// All took too long.
        case tooLong = "it took more than 2 minutes after the command's end"
        /// The time-out of the run is over.
        case timeout = "the time-out passed"
        /// The caller has had enough.
        case interrupted = "a signal came"
    }

    private let end: UInt64
    private let endReason: Reason
    private var nextLook: UInt64
    private var seen: [ObjectIdentifier: (acknowledged: UInt64, since: UInt64)] = [:]
    /// What was given up so far, in bytes, and why last.
    private(set) var lost: UInt64 = 0
    private(set) var reason: Reason?

    /// Begins now.
    ///
    /// - Parameter timeout: when the whole run has to be over, in monotonic nanoseconds
    init(now: UInt64, timeout: UInt64?) {
        let last = now + Self.maximum
        (end, endReason) = timeout.map { $0 < last ? ($0, .timeout) : (last, .tooLong) } ?? (last, .tooLong)
        nextLook = now
    }

    /// Until when to wait for the flows of a relay, in monotonic nanoseconds; nil when it is over.
    mutating func wait(for relay: Relay, isInterrupted: Bool, now: UInt64) -> UInt64? {
        guard !relay.isDrained else { return nil }
        if isInterrupted || end <= now {
            giveUp(relay.undrained, isInterrupted ? .interrupted : endReason)
            return nil
        }
        if nextLook <= now {
            look(relay, now)
            nextLook = now + Self.interval
            if relay.isDrained { return nil }
        }
        return min(end, nextLook)
    }

    /// The line about it, if anything was given up.
    var line: String? {
        guard let reason else { return nil }
        return "egress-run: gave up \(lost) bytes or more that the command had sent: \(reason.rawValue)"
    }

    private mutating func look(_ relay: Relay, _ now: UInt64) {
        var kept: [ObjectIdentifier: (acknowledged: UInt64, since: UInt64)] = [:]
        for flow in relay.undrained {
            let id = ObjectIdentifier(flow), acknowledged = flow.acknowledged
            let since = seen[id].flatMap { $0.acknowledged == acknowledged ? $0.since : nil } ?? now
            if since + Self.patience <= now {
                giveUp([flow], .stalled)
            } else {
                kept[id] = (acknowledged, since)
            }
        }
        seen = kept
    }

    /// The other side sees a reset: what it has is not all.
    private mutating func giveUp(_ flows: [Flow], _ reason: Reason) {
        for flow in flows {
            lost += flow.left
            self.reason = reason
            flow.abort()
        }
    }
}
