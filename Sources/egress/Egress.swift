// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The toolbox: what belongs to `egress-run` and does not run a command.
@main
struct Egress: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "egress",
        abstract: "Tools for egress-run.",
        subcommands: [Doctor.self, Eval.self, Attest.self, Check.self, Vault.self, Fetch.self, Redact.self, SupportBundle.self, Fleet.self]
    )
}
