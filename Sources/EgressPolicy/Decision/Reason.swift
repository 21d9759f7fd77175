// SPDX-License-Identifier: Apache-2.0

/// Why something was allowed or denied: one vocabulary for errno, stderr, DNS, audit, API and HTTP.
///
/// Raw values are stable; tools may match on them.
public enum Reason: String, Sendable, CaseIterable {
    /// A rule allows it.
    case allowed
    /// No rule allows the name.
    case hostNotAllowlisted = "host_not_allowlisted"
    /// No allowed name resolved to the address, and no rule names it.
    case addressNotPinned = "address_not_pinned"
    /// The address is private or special-purpose, and nothing consents to that.
    case privateTargetBlocked = "private_target_blocked"
    /// The address is a cloud's metadata service, which only its exact literal reaches.
    case metadataBlocked = "metadata_blocked"
    /// A deny rule matches, and deny wins.
    case deniedByRule = "denied_by_rule"
    /// The target is allowed on other ports.
    case portNotAllowed = "port_not_allowed"
    /// The target is allowed over the other transport.
    case protocolNotAllowed = "protocol_not_allowed"
    /// The URL holds something that programs read differently, or is too long.
    case invalidURL = "invalid_url"
    /// The request's method is no method of HTTP.
    case invalidMethod = "invalid_method"
    /// The URL's scheme is not one that can be fetched.
    case unsupportedScheme = "unsupported_scheme"
    /// The URL holds a user name or password.
    case urlCredentialsForbidden = "url_credentials_forbidden"
    /// The URL names no host.
    case missingHost = "missing_host"
    /// No port is given, and the scheme has none of its own.
    case missingPort = "missing_port"
    /// The address is spelled in a way that programs read differently.
    case nonCanonicalAddress = "non_canonical_address"
    /// The name could not be resolved.
    case dnsResolutionFailed = "dns_resolution_failed"
    /// The name resolved to no address.
    case emptyResolution = "empty_resolution"
    /// The DNS record type is not one that the policy names.
    case recordTypeNotAllowed = "record_type_not_allowed"
    /// The bound on a response is no usable number.
    case invalidResponseBudget = "invalid_response_budget"
    /// The response was larger or slower than its bound.
    case responseBudgetExceeded = "response_budget_exceeded"
    /// A table is full; what does not fit is denied.
    case limitReached = "limit_reached"
    /// The header may not carry a credential.
    case invalidCredentialHeader = "invalid_credential_header"
    /// Credentials may not come from running a command.
    case execCredentialSourceForbidden = "exec_credential_source_forbidden"
    /// Credentials may not come from this source.
    case credentialSourceForbidden = "credential_source_forbidden"
    /// The text refers to no secret.
    case invalidSecretReference = "invalid_secret_reference"
    /// The redirect leads to a place that is not allowed.
    case redirectBlocked = "redirect_blocked"
    /// The unix socket belongs to a process outside, and no rule names it.
    case unixSocketNotAllowed = "unix_socket_not_allowed"
    /// The TLS handshake names another host than the one which was allowed.
    case sniMismatch = "sni_mismatch"
    /// The socket was not made inside the sandbox, and may lead out of it.
    case foreignSocket = "foreign_socket"
    /// The calling program's memory or descriptors can't be looked into, so what it wants can't be told.
    case unreadableCaller = "unreadable_caller"
}

extension Reason {
    /// One plain clause for people, without a full stop.
    public var summary: String {
        switch self {
        case .allowed: "a rule allows it"
        case .hostNotAllowlisted: "no rule allows this host"
        case .addressNotPinned: "no allowed name resolved to this address, and no rule names it"
        case .privateTargetBlocked: "the address is private or special-purpose"
        case .metadataBlocked: "the address is a cloud metadata service, which only its exact literal allows"
        case .deniedByRule: "a deny rule matches"
        case .portNotAllowed: "this port is not allowed"
        case .protocolNotAllowed: "this transport is not allowed"
        case .invalidURL: "this is no URL that all programs read alike"
        case .invalidMethod: "this is no method of HTTP"
        case .unsupportedScheme: "this URL scheme is not supported"
        case .urlCredentialsForbidden: "the URL holds a user name or password"
        case .missingHost: "the URL names no host"
        case .missingPort: "no port is given"
        case .nonCanonicalAddress: "the address is not in its canonical form"
        case .dnsResolutionFailed: "the name could not be resolved"
        case .emptyResolution: "the name has no address"
        case .recordTypeNotAllowed: "the policy does not name this DNS record type"
        case .invalidResponseBudget: "the bound on the response is not usable"
        case .responseBudgetExceeded: "the response exceeded its bound"
        case .limitReached: "a table is full"
        case .invalidCredentialHeader: "this header may not carry a credential"
        case .execCredentialSourceForbidden: "credentials may not come from a command"
        case .credentialSourceForbidden: "credentials may not come from this source"
        case .invalidSecretReference: "this refers to no secret"
        case .redirectBlocked: "the redirect leads to a place that is not allowed"
        case .unixSocketNotAllowed: "no rule allows this unix socket"
        case .sniMismatch: "the TLS handshake names another host"
        case .foreignSocket: "the socket was made outside the sandbox"
        case .unreadableCaller: "the calling program can't be looked into"
        }
    }
}
