// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import FoundationEssentials

/// Takes secrets out of what goes into a support bundle.
struct BundleRedaction {
    private let secrets: KnownSecrets

    /// Words in names of environment variables whose values are known secrets, whatever they look like.
    private static let sensitive = [
        "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "KEY", "CREDENTIAL", "AUTH", "COOKIE", "PWD_", "DSN",
        "SESSION",
    ]

    /// - Parameters:
    ///   - values: Values that must not be in it.
    ///   - environment: Variables, of which those with a telling name hold secrets.
    init(values: [[UInt8]], environment: [String: String]) throws(KnownSecretsError) {
        let found = environment.filter { name, _ in Self.sensitive.contains { name.uppercased().contains($0) } }
            .map { Array($0.value.utf8) }
            // A shorter value, such as "1", would redact what has nothing to do with it.
            .filter { (8...KnownSecrets.maximumLength).contains($0.count) }
        secrets = try KnownSecrets(Array(Set(values + found)).sorted { $0.lexicographicallyPrecedes($1) })
    }

    func text(_ text: String) -> String { Redactor.redact(text, secrets: secrets) }

    func host(_ name: String) -> String { Redactor.redact(host: name, secrets: secrets) }

    /// A line of the audit file. One that is no JSON is treated as text.
    func auditLine(_ line: Substring) -> String {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(line.utf8)) else {
            // Word by word: what stands beside a host name must not decide about it.
            let words = text(String(line)).split(separator: " ", omittingEmptySubsequences: false)
            return words.map { host(String($0)) }.joined(separator: " ")
        }
        let redacted = value.mapTexts { key, text in
            // A name may be in any of these; a time or an address has no long label.
            ["host", "rule", "detail"].contains(key) ? host(text) : self.text(text)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(redacted) else { return "" }
        // Secrets may be in more than one text, or in the way in which these are encoded.
        return text(String(decoding: data, as: UTF8.self))
    }
}
