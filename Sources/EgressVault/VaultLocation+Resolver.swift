// SPDX-License-Identifier: Apache-2.0

public import EgressPolicyFile
public import EgressRequests

extension VaultLocation {
    /// What gets secrets from there.
    ///
    /// - Parameter passphrase: called if the vault is a file that is opened by one
    /// - Throws: why there can be none, for people; what needs the server shows when a secret is resolved
    public func makeResolver(
        passphrase: () throws(VaultError) -> Secret
    ) throws(SecretResolverError) -> any SecretResolver {
        switch self {
        case .file(let path, let keyFile):
            do {
                switch try FileVault.kind(ofVaultAt: path) {
                case .file: return FileVault(path: path, key: .file(keyFile ?? path + ".key"))
                case .passphrase: return FileVault(path: path, key: .passphrase(try passphrase()))
                }
            } catch {
                throw .unavailable(error.description)
            }
        case .server(let server):
            do {
                return OpenBaoSecretResolver(
                    try OpenBaoServer(
                        url: server.url,
                        mount: server.mount,
                        namespace: server.namespace,
                        certificateAuthority: server.certificateAuthority,
                        tokenFile: server.tokenFile
                    )
                )
            } catch {
                throw .unavailable(error.description)
            }
        }
    }
}
