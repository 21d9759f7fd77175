// SPDX-License-Identifier: Apache-2.0

public import EgressEvidence

/// What every worker of a fleet must show, and how the registry treats it.
public struct WorkerFleetPolicy: Hashable, Sendable {
    /// Whether all of a worker's traffic must be shown to go through the gate.
    public var requireEgressProxy = true
    /// The weakest isolation that will do.
    public var minimumIsolation = IsolationLevel.netns
    /// The digests that will do, by field; a field that is left out is not asked for. More than one, because a fleet is
    /// never changed all at once.
    public var digests: [DigestField: Set<Digest>] = [:]
    /// Whether an attestation must answer a challenge of this registry.
    public var requireNonce = true
    /// How old an attestation may be when it is presented.
    public var maximumAge = Duration.seconds(300)
    /// How far a worker's clock and the registry's may be apart.
    public var clockSkew = Duration.seconds(30)
    /// When silence and age count against a registered worker.
    public var deadlines = Deadlines()
    /// How long the registry keeps a worker that is neither present nor quarantined.
    public var forgetAfter = Duration.seconds(7 * 86_400)
    /// What the registry holds at most.
    public var limits = StoreLimits()
    /// How many requests the HTTP service takes.
    public var requests = RequestLimits()

    /// A policy that requires egress bound by namespaces, and a fresh answer to a challenge.
    public init() {}

    /// The digests that can be required.
    public enum DigestField: String, Sendable, Hashable, CaseIterable {
        /// The policy in force.
        case policy
        /// `egress-run`.
        case launcher
        /// The command's executable.
        case executable
        /// The image, as the launcher was told.
        case image
        /// The build, as the launcher was told.
        case build
        /// The artifact, as the launcher was told.
        case artifact
    }
}

/// How many requests the HTTP service takes from one caller, which is a token at an address.
public struct RequestLimits: Hashable, Sendable {
    /// Requests a second, over time.
    public var perSecond: Int
    /// Requests at once.
    public var burst: Int
    /// Connections of all callers.
    public var connections: Int

    /// Limits of these sizes.
    public init(perSecond: Int = 200, burst: Int = 1000, connections: Int = 20_000) {
        self.perSecond = perSecond
        self.burst = burst
        self.connections = connections
    }
}

extension WorkerFleetPolicy {
    /// What an attestation has to show. Of several digests that will do, the one that it shows is expected.
    func expectation(for attestation: WorkerAttestation) -> WorkerAttestationExpectation {
        func expected(_ field: DigestField, _ found: Digest?) -> Digest? {
            guard let allowed = digests[field] else { return nil }
            if let found, allowed.contains(found) { return found }
            // None is a digest of nothing, which no file and no policy has.
            return allowed.first ?? Digest(bytes: [UInt8](repeating: 0, count: 32))
        }
        var expectation = WorkerAttestationExpectation()
        expectation.requireEgressProxy = requireEgressProxy
        expectation.minimumIsolation = minimumIsolation
        expectation.policyDigest = expected(.policy, attestation.policyDigest)
        expectation.launcherDigest = expected(.launcher, attestation.launcherDigest)
        expectation.executableDigest = expected(.executable, attestation.executableDigest)
        expectation.imageDigest = expected(.image, attestation.imageDigest)
        expectation.buildDigest = expected(.build, attestation.buildDigest)
        expectation.artifactDigest = expected(.artifact, attestation.artifactDigest)
        expectation.requireNonce = requireNonce
        expectation.maximumAge = maximumAge.components.seconds
        expectation.clockSkew = clockSkew.components.seconds
        return expectation
    }
}
