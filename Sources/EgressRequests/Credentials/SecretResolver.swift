// SPDX-License-Identifier: Apache-2.0

/// Gets the values of secrets out of a vault.
public protocol SecretResolver: Sendable {
    /// The value that a reference names now.
    ///
    /// - Throws: ``SecretResolverError``, which never holds a value.
    func resolve(_ reference: SecretReference) async throws(SecretResolverError) -> Secret
}

/// Why a secret has no value.
public enum SecretResolverError: Error, Hashable, Sendable {
    /// The vault has no such secret, or no such field in it.
    case notFound(SecretReference)
    /// The vault refuses it to this caller.
    case denied(SecretReference, String)
    /// The vault cannot be opened or reached, or is damaged; the text says how, for people.
    case unavailable(String)
}

extension SecretResolverError: CustomStringConvertible {
    /// One clause for people.
    public var description: String {
        switch self {
        case .notFound(let reference): "the vault has no secret '\(reference)'"
        case .denied(let reference, let why): "the vault refuses '\(reference)': \(why)"
        case .unavailable(let why): why
        }
    }
}
