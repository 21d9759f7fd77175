// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressDNS
import EgressPolicy
import EgressPolicyFile
import EgressText
import LinuxSystem

/// The options that say who may be reached, as `egress-run` has them.
struct RuleOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Allow a host or address; repeatable.", valueName: "rule"))
    var allow: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("Deny a host or address, whatever allows it; repeatable.", valueName: "rule")
    )
    var deny: [String] = []

    @Option(name: .long, help: ArgumentHelp("Read rules from a YAML or JSON file as well.", valueName: "file"))
    var policy: String?

    @Flag(name: .long, help: "Let allowed names resolve to private addresses.")
    var allowPrivate = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Ask this DNS server; repeatable, tried in order. Default: the policy's, then those of /etc/resolv.conf.",
            valueName: "addr[:port]"
        )
    )
    var dns: [String] = []

    /// The options, read and checked.
    struct Settings {
        let policy: Policy
        /// The DNS servers that options and policy name; empty for the system's.
        let servers: [ServerAddress]
        /// Where the policy file says credentials are.
        let vault: VaultLocation?
    }

    /// Reads the policy file, the rules and the addresses.
    ///
    /// - Throws: `ValidationError`, a usage error, in the words of `egress-run`.
    func settings() throws -> Settings {
        var document = PolicyDocument()
        if let policy {
            do { document = try PolicyDocument.load(path: policy) } catch {
                throw ValidationError(error.description)
            }
        }
        document.allow += try rules(allow, "--allow", .allow)
        document.deny += try rules(deny, "--deny", .deny)
        let given = try dns.map { text in
            guard let server = ServerAddress(text) else {
                throw ValidationError(
                    "--dns \(text.quoted()) is no address (give ADDR or ADDR:PORT, as 192.0.2.53 or [2001:db8::53]:53)"
                )
            }
            return server
        }
        return Settings(
            policy: Policy(
                allow: document.allow,
                deny: document.deny,
                allowPrivate: document.allowPrivate || allowPrivate
            ),
            servers: given.isEmpty ? document.upstream : given,
            vault: document.vault
        )
    }

    private func rules(_ texts: [String], _ option: String, _ list: Rule.List) throws -> [Rule] {
        try texts.map { text in
            do { return try Rule.parse(text, for: list) } catch { throw ValidationError("\(option): \(error)") }
        }
    }
}
