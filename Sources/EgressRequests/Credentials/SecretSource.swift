// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

/// Where the value of a secret comes from. Only a vault may feed a request.
public enum SecretSource: Hashable, Sendable {
    /// A secret of the vault: `vault:NAME` or `vault:PATH#FIELD`.
    case vault(SecretReference)
    /// An environment variable: `env:NAME`.
    case env(String)
    /// The content of a file: `file:PATH`.
    case file(String)
    /// The output of a command: `exec:COMMAND`.
    case exec(String)

    /// Reads the text form of a source, usable for egress or not.
    ///
    /// - Throws: ``EgressPolicyError`` with ``EgressPolicy/Reason/invalidSecretReference``, without the text.
    public init(parsing text: some StringProtocol) throws(EgressPolicyError) {
        let parts = text.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        let kind = parts.first.map { String(decoding: $0, as: UTF8.self) }
        let rest = parts.count == 2 ? String(decoding: parts[1], as: UTF8.self) : ""
        switch kind {
        case "env" where Self.isUsable(rest): self = .env(rest)
        case "file" where Self.isUsable(rest): self = .file(rest)
        case "exec" where Self.isUsable(rest): self = .exec(rest)
        case "env", "file", "exec":
            throw EgressPolicyError(
                .invalidSecretReference,
                "after '\(kind ?? ""):' a name is needed, without control characters"
            )
        default:
            do {
                self = .vault(try SecretReference(text))
            } catch {
                throw EgressPolicyError(.invalidSecretReference, error.description)
            }
        }
    }

    private static func isUsable(_ text: String) -> Bool {
        (1...4096).contains(text.utf8.count) && !text.utf8.contains { $0 < 0x20 || $0 == 0x7f }
    }

    /// The reference of a vault's secret.
    ///
    /// - Throws: ``EgressPolicyError`` that says why no other source may feed a request.
    public func vaultReference() throws(EgressPolicyError) -> SecretReference {
        switch self {
        case .vault(let reference): return reference
        case .exec:
            throw EgressPolicyError(
                .execCredentialSourceForbidden,
                "a request must not run a command to get a credential: store it with 'egress vault set' and name it as vault:NAME"
            )
        case .env:
            throw EgressPolicyError(
                .credentialSourceForbidden,
                "an environment variable is open to every program the caller starts: store it with 'egress vault set' and name it as vault:NAME"
            )
        case .file:
            throw EgressPolicyError(
                .credentialSourceForbidden,
                "a plain file is open to whatever the caller runs: store it with 'egress vault set' and name it as vault:NAME"
            )
        }
    }
}
