// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Keeps secrets in one encrypted file.
struct Vault: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Keep secrets in an encrypted file, for requests that need credentials.",
        discussion: """
            The vault is $XDG_CONFIG_HOME/egress/vault (or ~/.config/egress/vault), and its key the file beside it with '.key' \
            added, unless it was made with a passphrase. Whoever can read both files can read the secrets.

            The exit status is 0; 1 if there is no such secret; 64 for a usage error; 70 if the vault can't be used.
            """,
        subcommands: [
            VaultInit.self, VaultSet.self, VaultGet.self, VaultList.self, VaultRemove.self, VaultRotate.self,
        ]
    )
}
