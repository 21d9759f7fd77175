// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy
public import EgressRequests

/// How a fetch went. It never holds a credential: URLs are redacted, and what the server echoed is taken out.
public struct FetchResult: Sendable {
    /// The status of the last response.
    public var status: Int
    /// Where that came from; values that look secret are replaced.
    public var url: String
    /// The header fields of the last response, in their order.
    public var headers: [FetchHeader]
    /// The bytes of body that were passed on.
    public var bodyBytes: Int
    /// The bytes of content that came, before they were unfolded.
    public var wireBytes: Int
    /// Whether there was more than the budget allows; what was passed on is its beginning.
    public var isTruncated: Bool
    /// One entry for each request, in their order; the last is that of the result.
    public var hops: [FetchHop]
    /// How long everything took.
    public var totalTime: Duration

    /// Whether the status says that it worked (RFC 9110, section 15.3), or that the caller has it already (304).
    public var isSuccess: Bool { 200..<300 ~= status || status == 304 }
}

/// One request of a fetch, and the decision that allowed it.
public struct FetchHop: Sendable {
    /// The method.
    public var method: String
    /// The URL; values that look secret are replaced.
    public var url: String
    /// The status, if a response came.
    public var status: Int?
    /// Where the response redirects to; values that look secret are replaced.
    public var location: String?
    /// `HTTP/1.1` or `HTTP/2`, if there was a connection.
    public var version: String?
    /// The decision.
    public var egress: EgressBlock
    /// The address that was connected to, one of the decision's.
    public var connected: PinnedAddress?
    /// The headers that a redirect on the way here made us drop, in lower case, sorted.
    public var droppedHeaders: [String]
    /// How long its parts took.
    public var timings = FetchTimings()
}

/// The decision on one request.
public struct EgressBlock: Sendable {
    /// Why it was allowed.
    public var reason: Reason
    /// The same in words.
    public var message: String
    /// The host.
    public var host: String
    /// The port.
    public var port: UInt16
    /// The addresses that might be connected to.
    public var addresses: [PinnedAddress]
    /// The rule that allowed it.
    public var rule: String?
    /// The headers that carried credentials, in lower case, sorted.
    public var credentialHeaders: [String]
    /// SHA-256 of the request's encoding, in hexadecimal.
    public var fingerprint: String

    init(_ verdict: EgressPolicyVerdict) {
        reason = verdict.reason
        message = verdict.message
        host = verdict.host
        port = verdict.url.port
        addresses = verdict.resolvedAddresses
        rule = verdict.rule.map { "\($0)" }
        credentialHeaders = verdict.credentialHeaders
        fingerprint = verdict.requestFingerprint
    }
}

/// How long the parts of one request took; nothing where it had no such part.
public struct FetchTimings: Sendable {
    /// The decision, with the name's resolution.
    public var dns: Duration?
    /// TCP.
    public var connect: Duration?
    /// The TLS handshake.
    public var tls: Duration?
    /// From the start of the request's evaluation to the response's header.
    public var firstByte: Duration?
}
