// SPDX-License-Identifier: Apache-2.0

import EgressDNS
import EgressPolicy
import EgressText

extension PolicyDocument {
    private static let keys = ["version", "allow", "deny", "allow_private", "dns", "unix", "vault"]

    /// The only version of the language so far.
    private static let version = "1"

    init(_ root: Node) throws(Problem) {
        if case .scalar(let scalar) = root.content, scalar.kind == .nothing { throw Composer.emptyFile }
        guard case .mapping(let entries) = root.content else {
            throw root.wrongKind("a policy", "a mapping", "it begins with 'version: 1'")
        }
        // Before the other keys: those of another version may be right there.
        try Self.checkVersion(entries, of: root)
        for entry in try root.members("a policy", keys: Self.keys) {
            let name = "'\(entry.key)'"
            switch entry.key {
            case "allow": allow = try Self.rules(entry.value, name, for: .allow)
            case "deny": deny = try Self.rules(entry.value, name, for: .deny)
            case "allow_private": allowPrivate = try entry.value.boolean(name)
            case "dns": try readDNS(entry.value)
            case "unix": try readUnixSockets(entry.value)
            case "vault": vault = try VaultLocation(entry.value)
            default: break
            }
        }
    }

    private static func checkVersion(_ entries: [Node.Entry], of root: Node) throws(Problem) {
        guard let entry = entries.first(where: { $0.key == "version" }) else {
            // A slip in the key itself is the likelier story.
            if let slip = entries.first(where: { !keys.contains($0.key) && $0.key.nearest(in: keys) == "version" }) {
                let message = "unknown key \(slip.key.quoted())"
                throw Problem(message, at: slip.mark, hint: "did you mean 'version'?")
            }
            throw Problem("'version' is missing", at: root.mark, hint: "begin the file with 'version: 1'")
        }
        guard case .scalar(let scalar) = entry.value.content, scalar.kind == .number else {
            throw entry.value.wrongKind("'version'", "the number 1", "write 'version: 1'")
        }
        guard scalar.text == version else {
            let message = "version \(scalar.text.quoted()) of the policy language is not known"
            throw Problem(message, at: entry.value.mark, hint: "this egress-run reads version 1")
        }
    }

    private static func rules(_ node: Node, _ name: String, for list: Rule.List) throws(Problem) -> [Rule] {
        var rules: [Rule] = []
        for item in try node.items(name, hint: "write one rule a line after '- ', or [] for none") {
            rules.append(try Rule(item, for: list))
        }
        return rules
    }

    private mutating func readDNS(_ node: Node) throws(Problem) {
        for entry in try node.members("'dns'", keys: ["upstream", "types"]) {
            let name = "'\(entry.key)'"
            // No server would mean no name at all, no type the same as saying nothing: neither can be what was meant.
            let items = try entry.value.items(name)
            if items.isEmpty {
                throw Problem("\(name) is an empty list", at: entry.value.mark, hint: "leave the key out")
            }
            for item in items {
                switch entry.key {
                case "upstream": upstream.append(try Self.server(item))
                default: recordTypes.append(try Self.recordType(item))
                }
            }
        }
    }

    private static func server(_ node: Node) throws(Problem) -> ServerAddress {
        let hint = "such as 192.0.2.53, or '[2001:db8::53]:53' in quotes"
        let text = try node.text("a DNS server", hint: hint)
        guard let server = ServerAddress(text) else {
            throw Problem("\(text.quoted()) is not the address of a DNS server", at: node.mark, hint: hint)
        }
        return server
    }

    private static func recordType(_ node: Node) throws(Problem) -> RecordType {
        let text = try node.text("a record type")
        guard let type = RecordType(text) else {
            let meant = text.nearest(in: ["TXT", "MX", "SRV", "CAA", "NAPTR", "SSHFP", "TLSA"])
            let hint = meant.map { "did you mean '\($0)'?" } ?? "such as TXT, MX or SRV"
            throw Problem("unknown record type \(text.quoted())", at: node.mark, hint: hint)
        }
        let reason: String? =
            switch type {
            case .a, .aaaa: "allowed names are always answered with their addresses"
            case .svcb, .https: "its records carry addresses past the checks"
            case _ where type.isMeta: "it is not a type of data"
            default: nil
            }
        if let reason { throw Problem("the record type '\(type)' cannot be listed", at: node.mark, hint: reason) }
        return type
    }
}
