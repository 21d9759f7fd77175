// SPDX-License-Identifier: Apache-2.0

import EgressRequests
import EgressText
import EgressVault

/// Where passphrases come from.
enum Passphrase {
    /// Reads one from a file or a descriptor; without either, asks for it, and twice for a new one.
    static func read(file: String?, descriptor: Int32?, of vault: String, isNew: Bool) throws -> Secret {
        if let file { return try SecretInput.read(fromFile: file) }
        if let descriptor { return try SecretInput.read(from: descriptor) }
        guard isNew else { return try SecretInput.ask("Passphrase of \(vault.quoted()): ") }
        let first = try SecretInput.ask(
            "New passphrase of \(vault.quoted()), at least \(VaultKey.minimumPassphrase) bytes: "
        )
        guard first.count >= VaultKey.minimumPassphrase else { throw VaultError.weakPassphrase }
        let second = try SecretInput.ask("The same once more: ")
        guard areEqual(first, second) else { throw VaultError.passphrasesDiffer }
        return first
    }

    private static func areEqual(_ first: borrowing Secret, _ second: borrowing Secret) -> Bool {
        first.withBytes { first in
            second.withBytes { second in
                first.count == second.count && first.indices.allSatisfy { first[$0] == second[$0] }
            }
        }
    }
}
