// SPDX-License-Identifier: Apache-2.0

public import EgressAudit

/// What the registry holds about one worker.
public struct Worker: Hashable, Sendable {
    /// The name its attestation gives it, unique in the fleet; 1 to 128 bytes.
    public var id: String
    /// Where it is in its life.
    public var state: WorkerState
    /// Counts the changes. A change is taken only for the version that it was made from; 0 is a worker not yet stored.
    public var version: Int64
    /// How many tasks it said it has.
    public var running: Int
    /// Why it is in this state, in the words of an operator or of the worker; untrusted text.
    public var note: String?
    /// When it was first registered.
    public var registeredAt: Timestamp
    /// When it entered its state.
    public var since: Timestamp
    /// When it was last heard from.
    public var heardAt: Timestamp
    /// When its attestation was accepted.
    public var attestedAt: Timestamp
    /// The SHA-256 of the lease that its heartbeats must show; empty when it has none.
    public var leaseDigest: [UInt8]
    /// What its attestation says.
    public var facts: AttestedFacts

    /// A worker of these values.
    public init(
        id: String,
        state: WorkerState,
        version: Int64 = 0,
        running: Int = 0,
        note: String? = nil,
        registeredAt: Timestamp,
        since: Timestamp,
        heardAt: Timestamp,
        attestedAt: Timestamp,
        leaseDigest: [UInt8],
        facts: AttestedFacts
    ) {
        self.id = id
        self.state = state
        self.version = version
        self.running = running
        self.note = note
        self.registeredAt = registeredAt
        self.since = since
        self.heardAt = heardAt
        self.attestedAt = attestedAt
        self.leaseDigest = leaseDigest
        self.facts = facts
    }
}

/// What the registry keeps of an attestation that it accepted. Digests are written `sha256:` and 64 digits.
public struct AttestedFacts: Hashable, Sendable {
    /// The token's own id (`jti`).
    public var tokenID: String
    /// The key that signed it.
    public var keyID: String
    /// How the worker is held, `netns` or `preload`.
    public var isolation: String
    /// Whether all of its traffic was shown to go through the gate.
    public var egressProxy: Bool
    /// The version of `egress-run`.
    public var softwareVersion: String
    /// The digest of the policy.
    public var policyDigest: String?
    /// The digest of `egress-run`.
    public var launcherDigest: String?
    /// The digest of the command's executable.
    public var executableDigest: String?
    /// The path of the command's executable, as the worker sees it.
    public var executablePath: String?
    /// The digest of the image.
    public var imageDigest: String?
    /// The digest of the build.
    public var buildDigest: String?
    /// The digest of the artifact.
    public var artifactDigest: String?
    /// The kernel's release.
    public var kernel: String?

    /// Facts of these values; what is left out was not stated.
    public init(
        tokenID: String,
        keyID: String,
        isolation: String,
        egressProxy: Bool,
        softwareVersion: String
    ) {
        self.tokenID = tokenID
        self.keyID = keyID
        self.isolation = isolation
        self.egressProxy = egressProxy
        self.softwareVersion = softwareVersion
    }
}
