// SPDX-License-Identifier: Apache-2.0

extension Redactor {
    /// A whole text without what looks like a secret, for messages and results that are about to be shown.
    ///
    /// - Parameters:
    ///   - text: Any text.
    ///   - secrets: Values that must not be in it.
    public static func redact(_ text: String, secrets: KnownSecrets = KnownSecrets()) -> String {
        String(decoding: redact(Array(text.utf8), secrets: secrets), as: UTF8.self)
    }

    /// All of some bytes without what looks like a secret.
    public static func redact(_ bytes: [UInt8], secrets: KnownSecrets = KnownSecrets()) -> [UInt8] {
        var redactor = Redactor(secrets)
        return redactor.redact(bytes) + redactor.finish()
    }

    /// A URL whose password and secret parameters are redacted; more strictly than in a text, because it is known to be one.
    ///
    /// The value of a parameter is redacted if its name or its look suggests a secret, and of the user information nothing
    /// is left. What is no URL is redacted as text.
    public static func redact(url: String, secrets: KnownSecrets = KnownSecrets()) -> String {
        var result = url
        if let scheme = url.firstRange(of: "://") {
            let authority = url[scheme.upperBound...].prefix { !"/?#".contains($0) }
            if let at = authority.lastIndex(of: "@") {
                result = String(url[..<scheme.upperBound]) + RedactionKind.urlPassword.marker + url[at...]
            }
        }
        guard let mark = result.firstIndex(of: "?") else { return redact(result, secrets: secrets) }
        let query = result[result.index(after: mark)...]
        let parts = query.split(separator: "&", omittingEmptySubsequences: false).map { redact(parameter: $0) }
        return redact(String(result[...mark]) + parts.joined(separator: "&"), secrets: secrets)
    }

    private static let sensitiveNames = [
        "token", "secret", "password", "passwd", "pwd", "pass", "key", "auth", "sig", "signature", "credential", "code",
        "sid",
        "session", "jwt", "otp", "pin", "state", "nonce", "ticket", "assertion", "saml",
    ]

    private static func redact(parameter: Substring) -> String {
        guard let sign = parameter.firstIndex(of: "=") else { return String(parameter) }
        let name = parameter[..<sign].lowercased()
        let value = parameter[parameter.index(after: sign)...]
        let looksSecret = SecretValue(Array(value.utf8)[...]).isRandom
        guard !value.isEmpty, !value.hasPrefix("<"),
            looksSecret || sensitiveNames.contains(where: { name.contains($0) })
        else { return String(parameter) }
        return parameter[...sign] + RedactionKind.query.marker
    }
}
