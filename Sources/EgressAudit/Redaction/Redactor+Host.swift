// SPDX-License-Identifier: Apache-2.0

extension Redactor {
    /// How many bytes a label with digits may have, and one without, before it is taken for data.
    private static let longestLabel = (withDigits: 15, withoutDigits: 23)

    /// A host name or rule whose labels that may carry data are redacted.
    ///
    /// Data can leave a machine in the names that are asked for, in small letters and without any sign of what it is. So
    /// long labels with digits are taken for it; a name of a machine that is redacted by mistake is no harm.
    public static func redact(host: String, secrets: KnownSecrets = KnownSecrets()) -> String {
        let known = redact(host, secrets: secrets)
        let labels = known.split(separator: ".", omittingEmptySubsequences: false).map { label -> String in
            guard !label.contains("<redacted:") else { return String(label) }
            let hasDigits = label.utf8.contains { $0.isIn(.digit) }
            let longest = hasDigits ? longestLabel.withDigits : longestLabel.withoutDigits
            return label.utf8.count > longest ? RedactionKind.secret.marker : String(label)
        }
        return labels.joined(separator: ".")
    }
}
