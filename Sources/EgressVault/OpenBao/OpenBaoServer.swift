// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressRequests

/// Where an OpenBao or HashiCorp Vault is, and how to get in.
public struct OpenBaoServer: Hashable, Sendable {
    /// The beginning of its URLs, such as `https://bao.example.com:8200`.
    public let url: String
    /// Where the KV secrets engine (version 2) is mounted.
    public let mount: String
    /// The namespace, of those that have any.
    public let namespace: String?
    /// A file of the certificates, in PEM, that the server's must be signed by; nil for those that the system trusts.
    public let certificateAuthority: String?
    /// A file that holds the token and that only the caller may read.
    public let tokenFile: String

    /// Checks everything that can be checked without the server.
    ///
    /// - Throws: ``OpenBaoError/configuration(_:)``. The token must not travel readably: a URL is `https`, or `http` to an
    ///   address of the machine's own loopback.
    public init(
        url: String,
        mount: String = "secret",
        namespace: String? = nil,
        certificateAuthority: String? = nil,
        tokenFile: String
    ) throws(OpenBaoError) {
        guard let web = try? WebURL(Array(url.utf8)), web.scheme == "https" || web.scheme == "http" else {
            throw .configuration("the URL must be like https://bao.example.com:8200")
        }
        guard web.scheme == "https" || Self.isLoopback(web.host) else {
            throw .configuration("the URL must begin with https: over http the token could be read on the way")
        }
        let end = url.utf8.dropFirst(web.scheme.utf8.count + 3).firstIndex { "/?#".utf8.contains($0) }
        guard end.map({ url.utf8[$0...].elementsEqual("/".utf8) }) ?? true else {
            throw .configuration("the URL must end after the host and port")
        }
        guard VaultEntry.isName(mount) else { throw .configuration("the mount must be like 'secret' or 'team/kv'") }
        if let namespace {
            let name = namespace.hasSuffix("/") ? String(namespace.dropLast()) : namespace
            guard VaultEntry.isName(name) else {
                throw .configuration("the namespace must be like 'team' or 'team/ci'")
            }
        }
        self.url = String(url.utf8.prefix(url.utf8.count - (end == nil ? 0 : 1))) ?? url
        self.mount = mount
        self.namespace = namespace
        self.certificateAuthority = certificateAuthority
        self.tokenFile = tokenFile
    }

    private static func isLoopback(_ host: WebURL.Authority) -> Bool {
        switch host {
        case .address(let address): address.addressClass == .loopback
        case .name: false
        }
    }
}
