// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

/// Which headers may carry a credential, and which texts a header may hold.
public enum CredentialHeader {
    /// Names that carry credentials. Patterns are below.
    private static let names: Set<String> = [
        "authorization", "proxy-authorization", "cookie",
        "x-api-key", "api-key", "apikey", "x-apikey", "x-auth-key", "x-access-key", "x-client-secret",
        "private-token", "job-token", "deploy-token",  // GitLab
        "ocp-apim-subscription-key", "x-functions-key",  // Azure
    ]

    /// Names, and beginnings of names, that steer the connection, frame the message or say who asks. None is ever a
    /// credential, whatever pattern it matches.
    private static let refusedNames: Set<String> = [
        "host", "x-real-ip", "forwarded", "x-client-ip", "x-host", "x-original-url", "x-rewrite-url", "via", "origin",
        "referer",
        // RFC 9110, section 7.6.1, and RFC 9113, section 8.2.2: of the connection, not of the request.
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "te", "trailer", "transfer-encoding",
        "upgrade",
        "http2-settings", "content-length", "content-type", "content-encoding", "expect", "set-cookie",
        "www-authenticate",
    ]
    private static let refusedPrefixes = ["x-forwarded-", "proxy-status", "sec-"]

    /// The longest name, in bytes.
    public static let maximumNameLength = 64

    /// Checks that a name is a token of HTTP and one that carries credentials.
    ///
    /// - Parameter name: The header's name, in any case.
    /// - Throws: ``EgressPolicyError`` with ``EgressPolicy/Reason/invalidCredentialHeader``.
    public static func check(_ name: String) throws(EgressPolicyError) {
        guard name.utf8.count <= maximumNameLength, isToken(name.utf8) else {
            throw EgressPolicyError(
                .invalidCredentialHeader,
                "a header's name has 1 to \(maximumNameLength) letters, digits and !#$%&'*+-.^_`|~"
            )
        }
        let name = name.lowercased()
        guard !refusedNames.contains(name), !refusedPrefixes.contains(where: { name.hasPrefix($0) }) else {
            throw EgressPolicyError(
                .invalidCredentialHeader,
                "'\(name)' steers the connection or says who asks: it never carries a credential"
            )
        }
        guard isCredentialShaped(name) else {
            throw EgressPolicyError(
                .invalidCredentialHeader,
                "'\(name)' is no header for credentials; those are Authorization, Cookie, X-Api-Key, X-...-Token, ...-Api-Key and their like"
            )
        }
    }

    /// Whether a lower-case name is in the table: by itself, as `x-*-token` or as `*-api-key`.
    private static func isCredentialShaped(_ name: String) -> Bool {
        names.contains(name)
            || name.hasPrefix("x-") && name.hasSuffix("-token") && name.utf8.count > "x--token".utf8.count
            || name.hasSuffix("-api-key") && name.utf8.count > "-api-key".utf8.count
    }

    /// Checks a whole header value once the secret is known: no CR, LF, NUL or other control character.
    ///
    /// - Throws: ``EgressPolicyError`` with ``EgressPolicy/Reason/invalidCredentialHeader``, without the value.
    public static func check(value: Span<UInt8>, of name: String) throws(EgressPolicyError) {
        guard !value.isEmpty else {
            throw EgressPolicyError(.invalidCredentialHeader, "the secret for the header '\(name)' is empty")
        }
        guard isFieldText(value) else {
            throw EgressPolicyError(
                .invalidCredentialHeader,
                "the secret for the header '\(name)' holds a line break, a NUL, another control character or is not ASCII"
            )
        }
    }

    /// RFC 9110, section 5.6.2: `token`.
    public static func isToken(_ text: some Collection<UInt8>) -> Bool {
        !text.isEmpty
            && text.allSatisfy { byte in
                byte.isASCIILetterOrDigit || "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
    }

    /// RFC 9110, section 5.5: printable ASCII, spaces and tabs. Bytes from 0x80 up are obsolete there, and refused.
    static func isFieldText(_ text: Span<UInt8>) -> Bool {
        for index in text.indices {
            guard (0x20..<0x7f).contains(text[index]) || text[index] == 0x09 else { return false }
        }
        return true
    }
}
