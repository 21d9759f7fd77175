// SPDX-License-Identifier: Apache-2.0

/// What a secret was taken for. Its name stands in the place of the secret: `<redacted:jwt>`.
public enum RedactionKind: String, Sendable, CaseIterable {
    /// A value that was given as secret, or an encoded form of one.
    case known = "known_secret"
    /// The value of an `Authorization` or `Proxy-Authorization` header.
    case authorization
    /// The value of a `Cookie` or `Set-Cookie` header.
    case cookie
    /// What follows `Bearer` (RFC 6750).
    case bearer
    /// What follows `Basic` (RFC 7617), if it decodes to a name and a password.
    case basic
    /// A JSON Web Token (RFC 7519) or another compact JOSE value.
    case jwt
    /// The body of a private key in PEM or OpenPGP armour.
    case privateKey = "private_key"
    /// A key of an API, known by its prefix.
    case apiKey = "api_key"
    /// The user information of a URL.
    case urlPassword = "url_password"
    /// The value of a parameter in a URL's query.
    case query
    /// The value that is assigned to a name like `password`.
    case password
    /// The value that is assigned to a name like `token` or `api_key`.
    case secret

    /// What is written in the place of the secret.
    public var marker: String { "<redacted:" + rawValue + ">" }
}

/// Where something was redacted. It does not hold the secret.
public struct RedactionFinding: Hashable, Sendable {
    /// What it was taken for.
    public var kind: RedactionKind
    /// How many bytes of the input stand before it.
    public var offset: Int
    /// How many bytes of the input were replaced.
    public var length: Int
}
