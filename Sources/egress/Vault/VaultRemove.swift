// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressVault

/// `egress vault rm`.
struct VaultRemove: VaultCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Remove a secret.",
        discussion: "Copies of the vault from before still hold it, for whoever has the key."
    )

    @OptionGroup var options: VaultOptions

    @Argument(help: "The secret.")
    var name: String

    @Flag(help: "Print one JSON object instead.")
    var json = false

    struct Report: Encodable {
        let removed: String
    }

    func perform() throws {
        try options.open().remove(name)
        if json { try printJSON(Report(removed: name)) } else { print("removed", name) }
    }
}
