// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressText
import EgressVault

/// `egress vault rotate`.
struct VaultRotate: VaultCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Encrypt the vault anew, under a new key or passphrase.",
        discussion: """
            The secrets stay what they are. A key file is replaced by a new one, so copies of the vault from before can't be opened \
            any more, nor can another vault that shares the file; keep a copy of the old key if that is not what you want. \
            Whoever had a copy of the vault and its key has the secrets: then change these too.
            """
    )

    @OptionGroup var options: VaultOptions

    @Option(help: "What is to open the vault from now on: key-file or passphrase. Without it, what does now.")
    var to: Opener?

    @Option(
        help: ArgumentHelp(
            "Use this key file from now on; made if it is not there. The old one is kept.",
            valueName: "file"
        )
    )
    var newKeyFile: String?

    @Option(help: ArgumentHelp("Read the new passphrase from a file that only you may read.", valueName: "file"))
    var newPassphraseFile: String?

    @Option(help: ArgumentHelp("Read the new passphrase from this descriptor.", valueName: "number"))
    var newPassphraseFd: Int32?

    @Flag(help: "Print one JSON object instead.")
    var json = false

    enum Opener: String, ExpressibleByArgument {
        case keyFile = "key-file"
        case passphrase
    }

    func validate() throws {
        let hasPassphrase = newPassphraseFile != nil || newPassphraseFd != nil
        if newPassphraseFile != nil, newPassphraseFd != nil {
            throw ValidationError("give --new-passphrase-file or --new-passphrase-fd, not both")
        }
        if newKeyFile != nil, hasPassphrase || to == .passphrase {
            throw ValidationError("--new-key-file and a new passphrase exclude each other")
        }
        if hasPassphrase, to == .keyFile {
            throw ValidationError("--to key-file and a new passphrase exclude each other")
        }
        if let newPassphraseFd, newPassphraseFd < 0 { throw ValidationError("a descriptor is a number from 0") }
    }

    func perform() throws {
        let path = try options.file
        let present = try FileVault.kind(ofVaultAt: path)
        let vault = try options.open()
        // Before a new passphrase is asked for, so that a wrong old one is told first.
        _ = try vault.list()
        let hasPassphrase = newPassphraseFile != nil || newPassphraseFd != nil
        let asked = to.map { $0 == .keyFile ? VaultKey.Kind.file : .passphrase }
        let kind = asked ?? (newKeyFile != nil ? .file : hasPassphrase ? .passphrase : present)
        let report: VaultReport
        switch kind {
        case .file:
            let keyPath = try newKeyFile ?? options.keyPath
            _ = try vault.rotate(to: .file(keyPath))
            report = VaultReport(vault: path, key: kind.rawValue, keyFile: keyPath)
        case .passphrase:
            let new = try Passphrase.read(file: newPassphraseFile, descriptor: newPassphraseFd, of: path, isNew: true)
            _ = try vault.rotate(to: .passphrase(new))
            report = VaultReport(vault: path, key: kind.rawValue, keyFile: nil)
        }
        if json { try printJSON(report) } else { print("encrypted anew: \(report.text)") }
    }
}
