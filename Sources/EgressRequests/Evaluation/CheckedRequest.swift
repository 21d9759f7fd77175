// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy

/// A request that passed all checks that need no network. Its name, if it has one, may be resolved; no more.
public struct CheckedRequest: Sendable {
    /// The URL, taken apart.
    public let url: WebURL
    /// The bindings that apply to the URL.
    public let credentials: [CredentialBinding]
    /// The rule that allows the host and port.
    public let rule: Rule?
    /// SHA-256 of the request's encoding in lower-case hexadecimal.
    public let fingerprint: String
}
