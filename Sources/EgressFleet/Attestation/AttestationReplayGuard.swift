// SPDX-License-Identifier: Apache-2.0

/// Remembers which statements were accepted, as long as they are valid, so that each is accepted once.
///
/// It holds a bounded number, and accepts none when it is full: what it has forgotten it could not tell from a replay.
public struct AttestationReplayGuard: Sendable {
    /// How many can be remembered.
    public let capacity: Int
    /// The moment each ceases to be valid, by what makes it unique.
    private var accepted: [String: Int64] = [:]
    /// No moment in `accepted` is before this one.
    private var earliestExpiry = Int64.max

    /// An empty guard.
    public init(capacity: Int = 100_000) {
        self.capacity = max(capacity, 0)
    }

    /// How many are remembered.
    public var count: Int { accepted.count }

    /// Accepts a statement that was found valid at `now`, or throws `replayed` or `replayGuardFull`.
    ///
    /// - Parameter clockSkew: that of the expectation: for so long after its expiry a statement is still accepted.
    public mutating func admit(
        _ attestation: WorkerAttestation,
        at now: Int64,
        clockSkew: Int64 = WorkerAttestationExpectation().clockSkew
    ) throws(WorkerAttestationError) {
        let key = Self.key(of: attestation)
        let (sum, overflow) = attestation.expiresAt.addingReportingOverflow(max(clockSkew, 0))
        let expiry = overflow ? Int64.max : sum
        guard accepted[key].map({ $0 <= now }) ?? true else { throw .replayed }
        if accepted.count >= capacity { forget(before: now) }
        guard accepted.count < capacity else { throw .replayGuardFull }
        accepted[key] = expiry
        earliestExpiry = min(earliestExpiry, expiry)
    }

    /// The challenge, which must be answered once whoever answers it; without one, the statement's own identifier.
    private static func key(of attestation: WorkerAttestation) -> String {
        attestation.nonce.map { "n" + $0 } ?? "j\(attestation.keyID).\(attestation.tokenID)"
    }

    private mutating func forget(before now: Int64) {
        guard earliestExpiry <= now else { return }
        accepted = accepted.filter { $0.value > now }
        earliestExpiry = accepted.values.min() ?? .max
    }
}
