// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy

/// A request to be evaluated before anything is connected to.
public struct EgressProxyRequest: Sendable {
    /// The method, such as `GET`; methods are told apart by case.
    public var method: String
    /// The URL, exactly as it was given.
    public var url: String
    /// Who may be reached.
    public var policy: EgressRequestPolicy
    /// The most bytes of response body that will be read; 0 is refused.
    public var maxResponseBytes: UInt64
    /// The credentials that may be added.
    public var credentials: CredentialBindingPlan

    /// What is read of a response when nothing else is asked for: 10 MiB.
    public static let usualMaxResponseBytes: UInt64 = 10 << 20

    /// A request under a compiled policy.
    public init(
        method: String = "GET",
        url: String,
        policy: EgressRequestPolicy,
        maxResponseBytes: UInt64 = usualMaxResponseBytes,
        credentials: CredentialBindingPlan = CredentialBindingPlan()
    ) {
        self.method = method
        self.url = url
        self.policy = policy
        self.maxResponseBytes = maxResponseBytes
        self.credentials = credentials
    }

    /// A request with lists of its own; see ``EgressRequestPolicy/init(allowedHosts:allowedDNSSuffixes:allowPrivateTargets:)``.
    ///
    /// Compiles them each time: whoever makes many requests under the same lists compiles an ``EgressRequestPolicy`` once.
    public init(
        method: String = "GET",
        url: String,
        allowedHosts: [String],
        allowedDNSSuffixes: [String] = [],
        allowPrivateTargets: Bool = false,
        maxResponseBytes: UInt64 = usualMaxResponseBytes,
        credentials: CredentialBindingPlan = CredentialBindingPlan()
    ) throws(RuleError) {
        self.init(
            method: method,
            url: url,
            policy: try EgressRequestPolicy(
                allowedHosts: allowedHosts,
                allowedDNSSuffixes: allowedDNSSuffixes,
                allowPrivateTargets: allowPrivateTargets
            ),
            maxResponseBytes: maxResponseBytes,
            credentials: credentials
        )
    }
}
