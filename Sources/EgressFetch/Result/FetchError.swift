// SPDX-License-Identifier: Apache-2.0

public import EgressRequests

/// Why a fetch has no result.
///
/// Harmless to log and to show: it holds no header's value, no body, and no URL's query.
public struct FetchError: Error, Sendable {
    /// What went wrong. Raw values are stable; tools may match on them.
    public enum Code: String, Sendable, CaseIterable {
        /// The request itself cannot be sent: a header or body that is not allowed.
        case invalidRequest = "invalid_request"
        /// Policy denies it; ``FetchError/policyError`` says why.
        case denied
        /// The response is of a type that was not asked for.
        case contentTypeNotAllowed = "content_type_not_allowed"
        /// The vault gave no value for a credential.
        case credentialUnavailable = "credential_unavailable"
        /// No address took the connection.
        case connectFailed = "connect_failed"
        /// No connection, or no TLS on it, in time.
        case connectTimeout = "connect_timeout"
        /// TLS failed: mostly a certificate that is not trusted, has expired or is another host's.
        case tlsFailed = "tls_failed"
        /// No response head in time.
        case headerTimeout = "header_timeout"
        /// The whole took too long.
        case totalTimeout = "total_timeout"
        /// The connection ended before the response did.
        case connectionClosed = "connection_closed"
        /// What came is no valid HTTP, or a form of it that is refused.
        case protocolViolation = "protocol_violation"
        /// The content is coded in a way that is not known or is damaged.
        case decodingFailed = "decoding_failed"
        /// Whoever takes the body could not.
        case outputFailed = "output_failed"
        /// The task was cancelled.
        case cancelled
    }

    /// Whose fault it is, roughly: what an exit status tells.
    public enum Kind: Sendable {
        /// The request is to be changed.
        case usage
        /// It is not allowed.
        case denied
        /// The network or the server failed.
        case network
        /// Something on this machine failed.
        case local
    }

    /// The stable code.
    public var code: Code
    /// One plain clause for people.
    public var message: String
    /// The decision behind ``Code/denied``.
    public var policyError: EgressPolicyError?
    /// What was done before: one entry for each request that was allowed.
    public var hops: [FetchHop] = []

    /// An error with a clause.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// A denial.
    public init(_ error: EgressPolicyError) {
        code = .denied
        message = error.message
        policyError = error
    }

    /// Whose fault it is.
    public var kind: Kind {
        switch code {
        case .invalidRequest: .usage
        case .denied, .contentTypeNotAllowed: .denied
        case .credentialUnavailable, .outputFailed, .cancelled: .local
        case .connectFailed, .connectTimeout, .tlsFailed, .headerTimeout, .totalTimeout, .connectionClosed,
            .protocolViolation, .decodingFailed:
            .network
        }
    }
}

extension FetchError: CustomStringConvertible {
    /// `connect_failed: connection refused`, or the text of the denial.
    public var description: String { policyError?.description ?? "\(code.rawValue): \(message)" }
}
