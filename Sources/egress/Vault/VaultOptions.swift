// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressPolicyFile
import EgressRequests
import EgressVault
import Glibc
import LinuxSystem

/// The options that name a vault and what opens it.
struct VaultOptions: ParsableArguments {
    @Option(name: .customLong("vault"), help: ArgumentHelp("The vault.", valueName: "file"))
    var path: String?

    @Option(help: ArgumentHelp("The key file. Without it, the vault's name with '.key' added.", valueName: "file"))
    var keyFile: String?

    @Flag(help: "The vault is opened by a passphrase, which is asked for on the terminal.")
    var passphrase = false

    @Option(help: ArgumentHelp("Read the passphrase from a file that only you may read.", valueName: "file"))
    var passphraseFile: String?

    @Option(help: ArgumentHelp("Read the passphrase from this descriptor.", valueName: "number"))
    var passphraseFd: Int32?

    func validate() throws {
        if keyFile != nil, hasPassphrase {
            throw ValidationError("a vault is opened by a key file or by a passphrase, not by both")
        }
        if let keyFile, keyFile == path { throw ValidationError("the vault and its key can't be the same file") }
        if passphraseFile != nil, passphraseFd != nil {
            throw ValidationError("give --passphrase-file or --passphrase-fd, not both")
        }
        if let passphraseFd, passphraseFd < 0 { throw ValidationError("a descriptor is a number from 0") }
    }

    /// Whether one is given, or to be asked for.
    var hasPassphrase: Bool { passphrase || passphraseFile != nil || passphraseFd != nil }

    /// Whether what opens the vault is named.
    var namesKey: Bool { keyFile != nil || hasPassphrase }

    var file: String {
        get throws {
            if let path { return path }
            // XDG Base Directory Specification: a relative path there is to be ignored.
            if let folder = environment("XDG_CONFIG_HOME"), folder.hasPrefix("/") { return folder + "/egress/vault" }
            if let home = environment("HOME"), home.hasPrefix("/") { return home + "/.config/egress/vault" }
            throw ValidationError("neither XDG_CONFIG_HOME nor HOME is set; name the vault with --vault")
        }
    }

    var keyPath: String { get throws { try keyFile ?? file + ".key" } }

    /// The vault, with the key that its file says it has.
    func open() throws -> FileVault {
        switch try FileVault.kind(ofVaultAt: file) {
        case .file:
            if hasPassphrase { throw VaultError.needsKeyFile(try file) }
            return FileVault(path: try file, key: .file(try keyPath))
        case .passphrase:
            if keyFile != nil { throw VaultError.needsPassphrase(try file) }
            return FileVault(path: try file, key: .passphrase(try givenPassphrase(isNew: false)))
        }
    }

    /// The vault of a policy, with the key that these options name.
    func open(_ location: VaultLocation) throws -> FileVault {
        guard case .file(let path, _) = location else {
            throw ValidationError("the policy's vault is a server, which no key file or passphrase opens")
        }
        var options = self
        options.path = path
        return try options.open()
    }

    func givenPassphrase(isNew: Bool) throws -> Secret {
        try Passphrase.read(file: passphraseFile, descriptor: passphraseFd, of: try file, isNew: isNew)
    }

    private func environment(_ name: String) -> String? {
        unsafe getenv(name).map { unsafe String(cString: $0) }
    }
}
