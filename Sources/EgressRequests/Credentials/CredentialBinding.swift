// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy

/// One credential of a request: which header carries which secret, and whom it may be sent to.
public struct CredentialBinding: Sendable {
    /// The header's name in lower case, as given otherwise; ``validate()`` tells whether it may carry a credential.
    public let header: String
    /// Where the value comes from; ``validate()`` accepts a vault only.
    public let source: SecretSource
    /// Whom the value may be sent to, in the syntax of rules; nobody, when it is empty.
    public let hosts: [Rule]
    /// What stands before the secret's value in the header, such as `Bearer `.
    public let prefix: String

    private let destinations: Policy

    /// A binding, not yet checked.
    public init(header: String, source: SecretSource, hosts: [Rule], prefix: String = "") {
        self.header = header.lowercased()
        self.source = source
        self.hosts = hosts
        self.prefix = prefix
        destinations = Policy(allow: hosts, deny: [])
    }

    /// Checks all that can be said without the secret's value and without a URL.
    public func validate() throws(EgressPolicyError) {
        try CredentialHeader.check(header)
        guard CredentialHeader.isFieldText(prefix.utf8.span) else {
            throw EgressPolicyError(
                .invalidCredentialHeader,
                "what stands before the credential in '\(header)' holds a control character or is not ASCII"
            )
        }
        _ = try source.vaultReference()
    }

    /// Whether the credential may be sent to the server of a URL.
    public func applies(to url: WebURL) -> Bool {
        switch url.host {
        case .name(let host):
            destinations.decide(host: host, port: url.port, protocol: .tcp).isAllowed
        case .address(let address):
            destinations.decide(address: address, port: url.port, protocol: .tcp, names: []).isAllowed
        }
    }

    /// Whether the credential may follow a redirect: the new URL is one of its hosts, and TLS is not given up on the way.
    public func survives(redirectFrom old: WebURL, to new: WebURL) -> Bool {
        (new.isSecure || !old.isSecure) && applies(to: old) && applies(to: new)
    }
}
