// SPDX-License-Identifier: Apache-2.0

public import EgressEvidence

/// What an attestation has to show to be accepted. What is nil is not asked for.
public struct WorkerAttestationExpectation: Sendable, Equatable, Codable {
    /// Whether all of the worker's traffic must be shown to go through the gate.
    public var requireEgressProxy = true
    /// The weakest isolation that will do.
    public var minimumIsolation = IsolationLevel.netns
    /// The policy that must be in force.
    public var policyDigest: Digest?
    /// The `egress-run` that must have launched it.
    public var launcherDigest: Digest?
    /// The file that must have been executed.
    public var executableDigest: Digest?
    /// The container image that the worker must have been started from, as the launcher was told.
    public var imageDigest: Digest?
    /// The build it must come from, as the launcher was told.
    public var buildDigest: Digest?
    /// The artifact it must be, as the launcher was told.
    public var artifactDigest: Digest?
    /// The worker that it must be about.
    public var workerID: String?
    /// The challenge that it must answer.
    public var nonce: String?
    /// Whether some nonce must be in it.
    public var requireNonce = false
    /// The longest time since it was issued, in seconds.
    public var maximumAge: Int64?
    /// How far the two clocks may be apart, in seconds.
    public var clockSkew: Int64 = 30

    /// That it shows an egress binding by `netns`, and nothing else.
    public init() {}
}
