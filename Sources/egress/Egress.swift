// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The toolbox: what belongs to `egress-run` and does not run a command.
@main
struct Egress: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "egress",
        abstract: "Tools for egress-run.",
        subcommands: [
            Doctor.self, Check.self, Fetch.self, Vault.self, Attest.self, Fleet.self, Redact.self, SupportBundle.self,
            Eval.self,
        ]
    )
}
