// SPDX-License-Identifier: Apache-2.0

import EgressRequests

/// Why a secret could not be got from an OpenBao or HashiCorp Vault server. No case holds a value or a token.
public enum OpenBaoError: Error, Hashable, Sendable {
    /// The settings can't be right; what is wrong.
    case configuration(String)
    /// The token file can't be used; why.
    case tokenFile(String)
    /// No connection, or none that can be trusted; why.
    case connection(String)
    /// The server took too long.
    case timedOut
    /// The answer is longer than any secret.
    case tooLarge
    /// The server sends the caller elsewhere, with this status. The token is for this server only.
    case redirected(UInt)
    /// The server is sealed: it can't decrypt anything until somebody unseals it.
    case sealed
    /// The server doesn't accept the token (any more).
    case tokenRefused
    /// The token is good, but not for this secret.
    case denied
    /// There is no such secret.
    case notFound
    /// The newest version of the secret was deleted or destroyed.
    case deleted
    /// The secret has no such field.
    case noField
    /// The secret has several fields or none, and the reference names none.
    case fieldNeeded
    /// The field holds something else than text, or nothing.
    case notText
    /// The server answered with this status, which no such request should get.
    case status(UInt)
    /// The answer is not what the API promises.
    case malformed
}

extension OpenBaoError: CustomStringConvertible {
    /// One clause for people.
    public var description: String {
        switch self {
        case .configuration(let why): why
        case .tokenFile(let why): "the token can't be read: \(why)"
        case .connection(let why): "the vault server can't be reached: \(why)"
        case .timedOut: "the vault server did not answer in time"
        case .tooLarge: "the answer of the vault server is too long"
        case .redirected(let status):
            "the vault server redirects elsewhere (\(status)), where the token is not sent; name the active server"
        case .sealed: "the vault server is sealed; unseal it"
        case .tokenRefused: "the vault server does not accept the token; it may have expired or been revoked"
        case .denied: "the token's policies do not let it read this secret"
        case .notFound: "there is no such secret"
        case .deleted: "the newest version of the secret was deleted"
        case .noField: "the secret has no such field"
        case .fieldNeeded: "the secret does not have exactly one field; name one after '#'"
        case .notText: "the field does not hold text"
        case .status(let status): "the vault server answered with status \(status)"
        case .malformed: "the answer of the vault server is not what its API promises"
        }
    }

    func resolving(_ reference: SecretReference) -> SecretResolverError {
        switch self {
        case .notFound, .noField: .notFound(reference)
        case .denied, .deleted, .fieldNeeded, .notText: .denied(reference, description)
        default: .unavailable(description)
        }
    }
}
