// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressAudit
import Glibc

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

    /// As ArgumentParser has it, but what is told of a failure quotes no secret.
    static func main() async {
        do {
            var command = try await asyncParseAsRoot()
            if var command = command as? any AsyncParsableCommand { try await command.run() } else { try command.run() }
        } catch {
            end(with: error)
        }
    }

    private static func end(with error: any Error) -> Never {
        let code = exitCode(for: error), text = fullMessage(for: error)
        if text.isEmpty { Glibc.exit(code.rawValue) }
        if code == .success {
            print(text)
        } else {
            let line = Array((Redactor.redact(text) + "\n").utf8)
            _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
        }
        Glibc.exit(code.rawValue)
    }
}
