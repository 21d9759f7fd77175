// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressRequests
import EgressText
import EgressVault
import Glibc

/// `egress vault set`.
struct VaultSet: VaultCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Store a secret, or replace its value.",
        discussion: """
            The value is read from standard input; from a terminal as one line, which is not shown. It is never an argument, \
            because other users can read the arguments of a process. One line end after the value is not part of it; \
            everything else is, so 'printf %s' and 'echo' store the same.
            """
    )

    @OptionGroup var options: VaultOptions

    @Argument(help: "What requests name it by: vault:<name>.")
    var name: String

    @Flag(help: "Print one JSON object instead.")
    var json = false

    struct Report: Encodable {
        let name: String
        /// False if it replaced a value.
        let isNew: Bool
    }

    func validate() throws {
        if options.passphraseFd == STDIN_FILENO {
            throw ValidationError("standard input gives the value; give the passphrase by another descriptor")
        }
    }

    func perform() throws {
        guard VaultEntry.isName(name) else { throw VaultError.badName }
        // Before a value is asked for: that there is no vault, or no key to it, makes it useless.
        let vault = try options.open()
        let isTerminal = isatty(STDIN_FILENO) == 1
        let value =
            try isTerminal ? SecretInput.ask("Value of \(name.quoted()): ") : SecretInput.read(from: STDIN_FILENO)
        let isNew = try vault.set(name, to: value)
        if json { try printJSON(Report(name: name, isNew: isNew)) } else { print(isNew ? "added" : "replaced", name) }
    }
}
