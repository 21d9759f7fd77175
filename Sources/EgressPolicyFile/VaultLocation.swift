// SPDX-License-Identifier: Apache-2.0

/// Where the secrets of a policy's requests are.
public enum VaultLocation: Hashable, Sendable {
    /// An encrypted file, and the file of its key; without one, the key is in the file beside it with `.key` added.
    case file(path: String, keyFile: String?)
    /// The KV secrets engine of an OpenBao or HashiCorp Vault server.
    case server(Server)

    /// How a server is reached, and what it asks for.
    public struct Server: Hashable, Sendable {
        /// The beginning of its URLs, checked: `https://bao.example.com:8200`.
        public var url: String
        /// Where the secrets engine is mounted.
        public var mount = "secret"
        /// The namespace, of those that have any.
        public var namespace: String?
        /// A file of the certificates, in PEM, that the server's must be signed by.
        public var certificateAuthority: String?
        /// The file of the token.
        public var tokenFile: String
    }
}
