// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressDNS
import EgressEvidence
import EgressPolicy
import EgressPolicyFile

extension Attest {
    /// Prints the digest that a statement has of a policy.
    struct PolicyDigest: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the digest that a statement has of a policy, by the options of egress-run.",
            discussion: "It depends on what the policy means: not on its syntax, nor on an order that means nothing."
        )

        @Option(help: ArgumentHelp("A policy file.", valueName: "file"))
        var policy: String?

        @Option(help: ArgumentHelp("As for egress-run; repeatable.", valueName: "rule"))
        var allow: [String] = []

        @Option(help: ArgumentHelp("As for egress-run; repeatable.", valueName: "rule"))
        var deny: [String] = []

        @Option(help: ArgumentHelp("As for egress-run; repeatable.", valueName: "addr[:port]"))
        var dns: [String] = []

        @Option(help: ArgumentHelp("As for egress-run; repeatable.", valueName: "path"))
        var allowUnix: [String] = []

        @Option(help: ArgumentHelp("As for egress-run; repeatable.", valueName: "path"))
        var allowUnixDatagram: [String] = []

        @Flag(help: "As for egress-run.")
        var allowPrivate = false

        @Flag(help: "Print the text whose digest it is instead.")
        var text = false

        func run() throws {
            let document = try document()
            let canonical = document.canonicalText
            if text { print(canonical, terminator: "") } else { print(SHA256.digest(of: Array(canonical.utf8))) }
        }

        private func document() throws -> PolicyDocument {
            var document = PolicyDocument()
            do {
                if let policy { document = try PolicyDocument.load(path: policy) }
            } catch {
                throw Attest.failure(error.description)
            }
            do {
                document.allow += try allow.map { try Rule.parse($0, for: .allow) }
                document.deny += try deny.map { try Rule.parse($0, for: .deny) }
            } catch {
                throw ValidationError("\(error)")
            }
            let servers = try dns.map { text in
                guard let server = ServerAddress(text) else { throw ValidationError("--dns '\(text)' is no address") }
                return server
            }
            if !servers.isEmpty { document.upstream = servers }
            document.unixPaths += allowUnix + allowUnixDatagram.filter { $0 != "inside" }
            if !allowUnixDatagram.isEmpty { document.unixDatagrams = true }
            if allowPrivate { document.allowPrivate = true }
            return document
        }
    }
}
