// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lets each caller make so many requests a second, and some more at once: a token bucket for each.
///
/// The table of callers is bounded. Callers who have been quiet long enough to have their whole burst again need no
/// entry, so a table that is full makes room; if all of them are busy, new callers are refused.
final class RateLimiter: Sendable {
    /// Who is counted together.
    struct Caller: Hashable {
        /// The number of the token, or -1 for callers without one.
        var token: Int
        /// The address, or for IPv6 its first 64 bits: who has one address of a /64 has them all.
        var address: String
    }

    private struct Bucket {
        var level: Double
        var at: ContinuousClock.Instant
    }

    private struct State {
        var buckets: [Caller: Bucket] = [:]
        var sweptAt: ContinuousClock.Instant?
    }

    let perSecond: Double
    let burst: Double
    let capacity: Int
    private let state = Mutex(State())

    init(perSecond: Int, burst: Int, capacity: Int = 10_000) {
        self.perSecond = Double(perSecond)
        self.burst = Double(max(burst, 1))
        self.capacity = capacity
    }

    /// Nil if the request may be made; else the whole seconds to wait.
    func admit(_ caller: Caller, at now: ContinuousClock.Instant = .now) -> Int? {
        state.withLock { state in
            var bucket = Bucket(level: burst, at: now)
            if let known = state.buckets[caller] {
                bucket.level = level(of: known, at: now)
            } else if state.buckets.count >= capacity, !makeRoom(&state, now) {
                return 1
            }
            defer { state.buckets[caller] = bucket }
            guard bucket.level >= 1 else { return Int(((1 - bucket.level) / perSecond).rounded(.up)) }
            bucket.level -= 1
            return nil
        }
    }

    /// The callers that have an entry.
    var count: Int { state.withLock { $0.buckets.count } }

    private func level(of bucket: Bucket, at now: ContinuousClock.Instant) -> Double {
        let (seconds, attoseconds) = (now - bucket.at).components
        return min(burst, bucket.level + (Double(seconds) + Double(attoseconds) / 1e18) * perSecond)
    }

    /// At most once a second, because it looks at all of them.
    private func makeRoom(_ state: inout State, _ now: ContinuousClock.Instant) -> Bool {
        if let sweptAt = state.sweptAt, now - sweptAt < .seconds(1) { return false }
        state.sweptAt = now
        state.buckets = state.buckets.filter { level(of: $0.value, at: now) < burst }
        return state.buckets.count < capacity
    }
}
