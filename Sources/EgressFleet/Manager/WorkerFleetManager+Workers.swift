// SPDX-License-Identifier: Apache-2.0

public import EgressAudit

/// What a worker says in a heartbeat.
public struct Heartbeat: Hashable, Sendable {
    /// What it says of itself.
    public enum Status: String, Sendable, Hashable, CaseIterable {
        /// It goes on.
        case alive
        /// It failed, and takes no more work.
        case failed
        /// It ended as it should.
        case finished
    }

    /// What it says of itself.
    public var status: Status
    /// How many tasks it has, 0 to 1,000,000.
    public var running: Int
    /// What it says beside; untrusted text.
    public var note: String?

    /// A heartbeat of these values.
    public init(status: Status = .alive, running: Int = 0, note: String? = nil) {
        self.status = status
        self.running = running
        self.note = note
    }
}

/// A worker that was accepted.
public struct Registration: Hashable, Sendable {
    /// The worker.
    public var worker: Worker
    /// What its heartbeats must show, until it attests again. A secret; the store has only its digest.
    public var lease: String

    /// A registration of these values.
    public init(worker: Worker, lease: String) {
        self.worker = worker
        self.lease = lease
    }
}

extension WorkerFleetManager {
    /// A nonce for an attestation, and when it expires.
    public func challenge() -> (nonce: String, expires: Timestamp) {
        let expires = clock().advanced(by: Self.challengeLifetime)
        return (challenges.issue(expires: expires), expires)
    }

    /// Takes a worker into the fleet, or back into it, by a fresh attestation. After a failure or a release from
    /// quarantine, one that was made before it is not fresh.
    ///
    /// - Parameter token: What `egress-run --attest` wrote.
    public func register(token: String) async throws(FleetError) -> Registration {
        let (attestation, id) = try examine(token)
        let uses = try singleUses(attestation)
        let lease = Self.newLease()
        let worker = try await change(id) { (found, now) throws(FleetError) in
            if found?.state == .quarantined { throw .quarantined }
            if let found, [.unattested, .failed].contains(found.state), made(attestation) < found.since {
                throw .attestationNeeded(found.state)
            }
            return try accept(attestation, as: id, found, lease: lease, uses: uses, at: now)
        }
        return Registration(worker: worker, lease: lease)
    }

    /// Renews the attestation of a worker that is present. It stays in its state, and has a new lease.
    ///
    /// - Parameters:
    ///   - id: The worker; the token must be about it.
    ///   - lease: The lease it has.
    ///   - token: The fresh attestation.
    public func reattest(_ id: String, lease: String, token: String) async throws(FleetError) -> Registration {
        let (attestation, found) = try examine(token)
        guard found.utf8.elementsEqual(id.utf8) else { throw .attestation(.workerIDMismatch(found: found)) }
        let uses = try singleUses(attestation)
        let newLease = Self.newLease()
        let worker = try await change(id) { (found, now) throws(FleetError) in
            let present = try Self.present(found, lease: lease)
            return try accept(attestation, as: id, present, lease: newLease, uses: uses, at: now)
        }
        return Registration(worker: worker, lease: newLease)
    }

    /// Notes that a worker was heard from.
    ///
    /// - Parameters:
    ///   - id: The worker.
    ///   - lease: The lease of its last attestation.
    ///   - heartbeat: What it says.
    public func heartbeat(_ id: String, lease: String, _ heartbeat: Heartbeat) async throws(FleetError) -> Worker {
        try Self.check(note: heartbeat.note)
        guard (0...1_000_000).contains(heartbeat.running) else { throw .invalid("'running' must be 0 to 1000000") }
        return try await change(id) { (found, now) throws(FleetError) in
            let signal: WorkerSignal =
                switch heartbeat.status {
                case .alive: .beat
                case .failed: .fail
                case .finished: .finish
                }
            let present = try Self.present(found, lease: lease)
            let note = signal == .beat ? nil : heartbeat.note
            var change = try Self.step(present, signal, at: now, by: .worker, note: note)
            change.worker.heardAt = max(now, present.heardAt)
            change.worker.running = signal == .beat ? heartbeat.running : 0
            // A history of heartbeats would push out everything else.
            if change.worker.state == present.state { change.event = nil }
            return change
        }
    }

    /// Checks all of a token that needs no store.
    private func examine(_ token: String) throws(FleetError) -> (WorkerAttestation, id: String) {
        let (checked, id): (WorkerAttestation, String)
        do throws(WorkerAttestationError) {
            let attestation = try WorkerAttestation.verify(token: token, trust: trust)
            let now = Int64(clamping: clock().milliseconds / 1000)
            try attestation.validate(policy.expectation(for: attestation), at: now)
            guard let found = attestation.workerID else { throw WorkerAttestationError.missingWorkerID }
            (checked, id) = (attestation, found)
        } catch {
            throw .attestation(error)
        }
        // Nothing that looks like another id, moves a terminal's cursor, or is cut off by a NUL.
        guard id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw .invalid("a worker's id must be printable ASCII without spaces")
        }
        return (checked, id)
    }

    /// What the token uses up: its id, and its nonce, which must be ours where one is required.
    private func singleUses(_ attestation: WorkerAttestation) throws(FleetError) -> [SingleUse] {
        let seconds = UInt64(clamping: attestation.expiresAt)
        let (milliseconds, overflows) = seconds.multipliedReportingOverflow(by: 1000)
        // Until it would be refused for its age, with the skew that is granted and a second for rounding.
        let expires = Timestamp(milliseconds: overflows ? .max : milliseconds)
            .advanced(by: policy.clockSkew + .seconds(1))
        var uses = [SingleUse(digest: Self.digest("token", attestation.tokenID), expires: expires)]
        if let nonce = attestation.nonce {
            if let nonceExpires = challenges.expiry(of: nonce) {
                guard nonceExpires > clock() else { throw .unknownNonce }
            } else if policy.requireNonce {
                throw .unknownNonce
            }
            uses.append(SingleUse(digest: Self.digest("nonce", nonce), expires: expires))
        }
        return uses
    }

    /// When an attestation was made at the earliest: by our own clock where it answers a challenge of ours.
    private func made(_ attestation: WorkerAttestation) -> Timestamp {
        if let expires = attestation.nonce.flatMap(challenges.expiry) {
            return expires.rewound(by: Self.challengeLifetime)
        }
        let seconds = UInt64(clamping: attestation.issuedAt).multipliedReportingOverflow(by: 1000)
        let issued = Timestamp(milliseconds: seconds.overflow ? .max : seconds.partialValue)
        return issued.advanced(by: policy.clockSkew)
    }

    private func accept(
        _ attestation: WorkerAttestation,
        as id: String,
        _ found: Worker?,
        lease: String,
        uses: [SingleUse],
        at now: Timestamp
    ) throws(FleetError) -> WorkerChange {
        let facts = AttestedFacts(attestation)
        let digest = Self.digest("lease", lease)
        var change: WorkerChange
        if let found {
            change = try Self.step(found, .attest, at: now, by: .worker, note: nil)
        } else {
            let worker = Worker(
                id: id,
                state: .ready,
                registeredAt: now,
                since: now,
                heardAt: now,
                attestedAt: now,
                leaseDigest: digest,
                facts: facts
            )
            let event = FleetEvent(at: now, workerID: id, signal: .attest, from: nil, to: .ready, actor: .worker)
            change = WorkerChange(worker: worker, event: event)
        }
        change.worker.heardAt = now
        change.worker.attestedAt = now
        change.worker.leaseDigest = digest
        change.worker.facts = facts
        if found?.state.isPresent != true { change.worker.running = 0 }
        change.uses = uses
        return change
    }

    /// The worker, if it may speak for itself.
    private static func present(_ found: Worker?, lease: String) throws(FleetError) -> Worker {
        guard let found else { throw .unknownWorker }
        if found.state == .quarantined { throw .quarantined }
        guard found.state.isPresent else { throw .attestationNeeded(found.state) }
        guard SecureRandom.isEqual(digest("lease", lease), found.leaseDigest) else { throw .leaseRefused }
        return found
    }

    private static func newLease() -> String {
        SecureRandom.bytes(32).map { byte in
            let digits = Array("0123456789abcdef")
            return String([digits[Int(byte >> 4)], digits[Int(byte & 15)]])
        }.joined()
    }
}
