// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressFleet

// What the API answers. Members that are nil are left out; times are written as RFC 3339 in UTC.

/// A worker, without its lease.
public struct WorkerReply: Codable, Sendable {
    /// The worker's name.
    public let id: String
    /// `ready`, `stale`, `draining`, ...
    public let state: String
    /// How many tasks it said it has.
    public let running: Int
    /// The words of an operator or worker; untrusted text.
    public let note: String?
    /// Rises with every change.
    public let version: Int64
    /// When it was first registered.
    public let registeredAt: String
    /// When it entered its state.
    public let since: String
    /// When it was last heard from.
    public let heardAt: String
    /// When its attestation was accepted.
    public let attestedAt: String
    /// What its attestation says.
    public let attestation: AttestationReply

    enum CodingKeys: String, CodingKey {
        case id, state, running, note, version, since, attestation
        case registeredAt = "registered_at"
        case heardAt = "heard_at"
        case attestedAt = "attested_at"
    }

    init(_ worker: Worker) {
        id = worker.id
        state = worker.state.rawValue
        running = worker.running
        note = worker.note
        version = worker.version
        registeredAt = worker.registeredAt.description
        since = worker.since.description
        heardAt = worker.heardAt.description
        attestedAt = worker.attestedAt.description
        attestation = AttestationReply(worker.facts)
    }
}

/// What the registry keeps of a worker's attestation.
public struct AttestationReply: Codable, Sendable {
    /// The token's `jti`.
    public let tokenID: String
    /// The key that signed it.
    public let keyID: String
    /// `netns` or `preload`.
    public let isolation: String
    /// Whether all traffic was shown to go through the gate.
    public let egressProxy: Bool
    /// The version of `egress-run`.
    public let softwareVersion: String
    /// Of the policy in force.
    public let policyDigest: String?
    /// Of `egress-run`.
    public let launcherDigest: String?
    /// Of the file that was executed.
    public let executableDigest: String?
    /// The path of the file that was executed.
    public let executablePath: String?
    /// Of the image, as stated.
    public let imageDigest: String?
    /// Of the build, as stated.
    public let buildDigest: String?
    /// Of the artifact, as stated.
    public let artifactDigest: String?
    /// The release of its kernel.
    public let kernel: String?

    enum CodingKeys: String, CodingKey {
        case isolation, kernel
        case tokenID = "token_id"
        case keyID = "key_id"
        case egressProxy = "egress_proxy"
        case softwareVersion = "software_version"
        case policyDigest = "policy_digest"
        case launcherDigest = "launcher_digest"
        case executableDigest = "executable_digest"
        case executablePath = "executable_path"
        case imageDigest = "image_digest"
        case buildDigest = "build_digest"
        case artifactDigest = "artifact_digest"
    }

    init(_ facts: AttestedFacts) {
        tokenID = facts.tokenID
        keyID = facts.keyID
        isolation = facts.isolation
        egressProxy = facts.egressProxy
        softwareVersion = facts.softwareVersion
        policyDigest = facts.policyDigest
        launcherDigest = facts.launcherDigest
        executableDigest = facts.executableDigest
        executablePath = facts.executablePath
        imageDigest = facts.imageDigest
        buildDigest = facts.buildDigest
        artifactDigest = facts.artifactDigest
        kernel = facts.kernel
    }
}

/// A page of workers.
public struct WorkersReply: Codable, Sendable {
    /// In the order of their ids.
    public let workers: [WorkerReply]
    /// What to give as `after` for the next page; nil on the last.
    public let next: String?
}

/// One event.
public struct EventReply: Codable, Sendable {
    /// Rises with time.
    public let sequence: Int64
    /// When.
    public let at: String
    /// The worker.
    public let worker: String
    /// What happened.
    public let signal: String
    /// The state before; nil for a new worker.
    public let from: String?
    /// The state after.
    public let to: String
    /// `worker`, `operator` or `clock`.
    public let actor: String
    /// The words of an operator or worker; untrusted text.
    public let note: String?

    init(_ event: FleetEvent) {
        sequence = event.sequence
        at = event.at.description
        worker = event.workerID
        signal = event.signal.rawValue
        from = event.from?.rawValue
        to = event.to.rawValue
        actor = event.actor.rawValue
        note = event.note
    }
}

/// A page of events.
public struct EventsReply: Codable, Sendable {
    /// The latest first.
    public let events: [EventReply]
    /// What to give as `before` for the next page; nil on the last.
    public let next: Int64?
}

/// How many workers are in which state.
public struct SnapshotReply: Codable, Sendable {
    /// When.
    public let at: String
    /// All workers.
    public let total: Int
    /// By state; every state has one.
    public let counts: [String: Int]

    init(_ snapshot: FleetSnapshot) {
        at = snapshot.at.description
        total = snapshot.total
        counts = Dictionary(uniqueKeysWithValues: snapshot.counts.map { ($0.key.rawValue, $0.value) })
    }
}

/// A nonce for an attestation.
public struct ChallengeReply: Codable, Sendable {
    /// To be given to `egress-run`.
    public let nonce: String
    /// Until when it can be used.
    public let expiresAt: String

    enum CodingKeys: String, CodingKey {
        case nonce
        case expiresAt = "expires_at"
    }
}

/// A worker that was accepted, and what its heartbeats must show.
public struct RegistrationReply: Codable, Sendable {
    /// The worker.
    public let worker: WorkerReply
    /// A secret.
    public let lease: String
    /// How often to send heartbeats.
    public let heartbeatSeconds: Int64

    enum CodingKeys: String, CodingKey {
        case worker, lease
        case heartbeatSeconds = "heartbeat_seconds"
    }
}

/// What a heartbeat is answered.
public struct HeartbeatReply: Codable, Sendable {
    /// `ready`, `stale`, `draining`, ...
    public let state: String
    /// How often to send heartbeats.
    public let heartbeatSeconds: Int64

    enum CodingKeys: String, CodingKey {
        case state
        case heartbeatSeconds = "heartbeat_seconds"
    }
}

/// Why a request was refused.
public struct ErrorReply: Codable, Sendable {
    /// A stable name for programs.
    public let reason: String
    /// A sentence for people.
    public let message: String
}

/// That the service is up.
struct HealthReply: Codable, Sendable {
    let status: String
}
