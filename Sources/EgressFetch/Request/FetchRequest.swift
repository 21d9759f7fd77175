// SPDX-License-Identifier: Apache-2.0

public import EgressRequests

/// What is to be fetched, under which policy, and how much it may cost.
public struct FetchRequest: Sendable {
    /// The methods that can be fetched.
    public enum Method: String, Sendable, CaseIterable {
        /// Asks for a representation.
        case get = "GET"
        /// Asks for its header only.
        case head = "HEAD"
        /// Sends a body.
        case post = "POST"
    }

    /// The method of the first request; a redirect may make it a GET.
    public var method: Method
    /// The URL, exactly as it was given.
    public var url: String
    /// Who may be reached, by the first request and by every redirect.
    public var policy: EgressRequestPolicy
    /// Header fields to send; see ``RequestHeaderRules``.
    public var headers: [FetchHeader]
    /// What a POST sends.
    public var body: [UInt8]
    /// Credentials of the vault, each for its own hosts.
    public var credentials: CredentialBindingPlan
    /// The bounds.
    public var limits: FetchLimits
    /// The media types to take, such as `application/json` or `text/*`; all, when there is none.
    public var acceptedTypes: [String]

    /// The largest body that is sent, in bytes.
    public static let maximumBodySize = 64 << 20

    /// A request with the usual bounds.
    public init(
        method: Method = .get,
        url: String,
        policy: EgressRequestPolicy,
        headers: [FetchHeader] = [],
        body: [UInt8] = [],
        credentials: CredentialBindingPlan = CredentialBindingPlan(),
        limits: FetchLimits = FetchLimits(),
        acceptedTypes: [String] = []
    ) {
        self.method = method
        self.url = url
        self.policy = policy
        self.headers = headers
        self.body = body
        self.credentials = credentials
        self.limits = limits
        self.acceptedTypes = acceptedTypes
    }
}

/// What a fetch may cost. Every bound is one on all its requests together, but for those that say otherwise.
public struct FetchLimits: Sendable {
    /// The most bytes of content, both as it comes and as it is passed on.
    public var maxBytes: UInt64 = EgressProxyRequest.usualMaxResponseBytes
    /// The most redirects that are followed; 0 follows none and takes the redirect as an error.
    public var maxRedirects = 10
    /// How long one connection may take, TLS included.
    public var connectTimeout: Duration = .seconds(10)
    /// How long one response's header may take, from the connection on.
    public var headerTimeout: Duration = .seconds(30)
    /// How long everything may take.
    public var totalTimeout: Duration = .seconds(300)

    /// The usual bounds.
    public init() {}
}
