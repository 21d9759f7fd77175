// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressText
import EgressVault

/// `egress vault init`.
struct VaultInit: VaultCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make an empty vault, and a key file for it.",
        discussion: """
            A key file that is there already is used: 32 random bytes, readable for you alone. Without the key, or the passphrase, \
            nobody can open the vault again: keep a copy of the key where the vault isn't. A vault that is there is never touched.
            """
    )

    @OptionGroup var options: VaultOptions

    @Flag(help: "Print one JSON object instead.")
    var json = false

    func perform() throws {
        let path = try options.file
        let usesPassphrase = options.hasPassphrase
        if usesPassphrase {
            _ = try FileVault.create(at: path, key: .passphrase(try options.givenPassphrase(isNew: true)))
        } else {
            _ = try FileVault.create(at: path, key: .file(try options.keyPath))
        }
        let kind: VaultKey.Kind = usesPassphrase ? .passphrase : .file
        let report = VaultReport(vault: path, key: kind.rawValue, keyFile: usesPassphrase ? nil : try options.keyPath)
        if json { try printJSON(report) } else { print("made \(report.text)") }
    }
}

/// What is printed of a vault as such.
struct VaultReport: Encodable {
    let vault: String
    /// `key-file` or `passphrase`.
    let key: String
    let keyFile: String?

    var text: String {
        "\(vault.quoted()), opened by " + (keyFile.map { "the key file \($0.quoted())" } ?? "its passphrase")
    }
}
