// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressVault

/// `egress vault list`.
struct VaultList: VaultCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the names of the secrets, and when each was last set.",
        discussion: "Neither values nor their lengths are told."
    )

    @OptionGroup var options: VaultOptions

    @Flag(help: "Print one JSON object instead.")
    var json = false

    struct Report: Encodable {
        struct Entry: Encodable {
            let name: String
            let created: String
            let modified: String
        }

        let vault: String
        let secrets: [Entry]
    }

    func perform() throws {
        let entries = try options.open().list()
        guard json else {
            for entry in entries { print(timeText(entry.modified), entry.name) }
            return
        }
        let secrets = entries.map {
            Report.Entry(name: $0.name, created: timeText($0.created), modified: timeText($0.modified))
        }
        try printJSON(Report(vault: try options.file, secrets: secrets))
    }
}
