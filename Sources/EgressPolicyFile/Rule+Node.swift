// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressText

extension Rule {
    /// Reads a rule: the one-line form, or a mapping that says the same in parts.
    init(_ node: Node, for list: List) throws(Problem) {
        switch node.content {
        case .mapping: try self.init(mapping: node, for: list)
        case .scalar:
            let text = try node.text("a rule", hint: "such as example.com:443")
            self = try refusing(at: node.mark, { () throws(RuleError) in try Rule.parse(text, for: list) })
        case .sequence:
            let hint = "quote an IPv6 address in brackets: '[2001:db8::1]'"
            throw node.wrongKind("a rule", "text or a mapping", hint)
        }
    }

    private static let keys = ["host", "address", "ports", "protocols", "private"]

    private init(mapping node: Node, for list: List) throws(Problem) {
        if let problem = spacedPort(node) { throw problem }
        var target: Target?
        var ports = PortSet.any
        var protocols = ProtocolSet.all
        var isPrivate = false
        for entry in try node.members("a rule", keys: Self.keys) {
            switch entry.key {
            case "host", "address":
                if target != nil {
                    throw Problem("a rule has 'host' or 'address', not both", at: entry.mark, hint: "write two rules")
                }
                target = try readTarget(entry)
            case "ports": ports = try readPorts(entry.value)
            case "protocols": protocols = try readProtocols(entry.value)
            default:
                if list == .deny { throw Problem("'private' has no meaning in a deny rule", at: entry.mark) }
                isPrivate = try entry.value.boolean("'private'")
            }
        }
        guard let target else { throw Problem("a rule needs 'host' or 'address'", at: node.mark) }
        let rule = Rule(target: target, ports: ports, protocols: protocols, isPrivate: isPrivate)
        try refusing(at: node.mark) { () throws(RuleError) in try rule.check(for: list) }
        self = rule
    }
}

/// Gives what `body` refuses a place in the file.
private func refusing<Value>(at mark: Mark, _ body: () throws(RuleError) -> Value) throws(Problem) -> Value {
    do {
        return try body()
    } catch {
        throw Problem("bad rule \(error.input.quoted())", at: mark, hint: error.hint.printable)
    }
}

/// `- example.com: 443` is a mapping for YAML, and not what was meant.
private func spacedPort(_ node: Node) -> Problem? {
    guard case .mapping(let entries) = node.content, entries.count == 1, let entry = entries.first,
        entry.key.contains("."), case .scalar(let value) = entry.value.content, value.kind == .number
    else { return nil }
    let hint = "write " + (entry.key + ":" + value.text).quoted() + " without a space"
    return Problem("unknown key \(entry.key.quoted())", at: entry.mark, hint: hint)
}

private func readTarget(_ entry: Node.Entry) throws(Problem) -> Rule.Target {
    let text = try entry.value.text("'\(entry.key)'")
    let mark = entry.value.mark
    if let whole = try? Rule.parse(text, for: .deny), !whole.ports.isAny || whole.protocols != .all {
        let message = "'\(entry.key)' holds more than a target: \(text.quoted())"
        throw Problem(message, at: mark, hint: "write 'ports: [...]' and 'protocols: [...]' beside it")
    }
    let target = try refusing(at: mark, { () throws(RuleError) in try Rule.Target.parse(text) })
    switch (target, entry.key) {
    case (.address, "host"), (.block, "host"):
        throw Problem("\(text.quoted()) is an address", at: mark, hint: "write 'address' instead of 'host'")
    case (.host, "address"), (.hostAndBelow, "address"), (.below, "address"):
        throw Problem("\(text.quoted()) is a name", at: mark, hint: "write 'host' instead of 'address'")
    default: return target
    }
}

private func readPorts(_ node: Node) throws(Problem) -> PortSet {
    var ports: PortSet = []
    let items = try node.items("'ports'", hint: "such as [443, 8000-8010]")
    if items.isEmpty {
        throw Problem("'ports' is an empty list", at: node.mark, hint: "leave the key out for every port")
    }
    for item in items {
        guard case .scalar(let scalar) = item.content, scalar.kind == .number || scalar.kind == .text else {
            throw item.wrongKind("a port", "a number or a range", "such as 443 or 8000-8010")
        }
        do {
            ports = ports.union(try PortSet.parse(scalar.text))
        } catch {
            throw Problem("bad port \(scalar.text.quoted())", at: item.mark, hint: error.hint.printable)
        }
    }
    return ports
}

private func readProtocols(_ node: Node) throws(Problem) -> ProtocolSet {
    var protocols: ProtocolSet = []
    let items = try node.items("'protocols'", hint: "such as [tcp]")
    if items.isEmpty {
        throw Problem("'protocols' is an empty list", at: node.mark, hint: "leave the key out for both")
    }
    for item in items {
        let text = try item.text("a protocol", hint: "tcp or udp")
        guard let transport = TransportProtocol(rawValue: text) else {
            let meant = text.nearest(in: ["tcp", "udp"]).map { "did you mean '\($0)'?" }
            throw Problem("unknown protocol \(text.quoted())", at: item.mark, hint: meant ?? "tcp or udp")
        }
        protocols.formUnion(ProtocolSet(transport))
    }
    return protocols
}
