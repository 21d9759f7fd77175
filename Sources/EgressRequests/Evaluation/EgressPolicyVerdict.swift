// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy

/// The permission to make one request: to these addresses, and with these credentials, only.
public struct EgressPolicyVerdict: Sendable {
    /// Always ``EgressPolicy/Reason/allowed``: what is not allowed is an ``EgressPolicyError``.
    public var reason: Reason
    /// One plain clause for people.
    public var message: String
    /// The URL, taken apart.
    public var url: WebURL
    /// The host of the URL: a name in lower case, or an address without brackets.
    public var host: String
    /// The only addresses that may be connected to for this request; never empty.
    public var resolvedAddresses: [PinnedAddress]
    /// The bindings that apply to the URL. Others of the request's plan must not be sent.
    public var credentials: [CredentialBinding]
    /// The headers that will carry credentials: in lower case, sorted.
    public var credentialHeaders: [String]
    /// SHA-256 of the request's encoding in lower-case hexadecimal: equal for equal requests, without any secret's value.
    public var requestFingerprint: String
    /// The rule that allows the host and port.
    public var rule: Rule?
}
