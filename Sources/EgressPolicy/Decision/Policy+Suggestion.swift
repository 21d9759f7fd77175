// SPDX-License-Identifier: Apache-2.0

extension Policy {
    /// The text of the one allow rule that would open a name, or `nil` when no single rule can.
    ///
    /// None can when a deny rule matches, or when the answer needs more than one further rule.
    ///
    /// - Parameters:
    ///   - host: The denied name.
    ///   - port: The port it was denied for; `nil` when only its resolution was.
    ///   - transport: Its transport.
    ///   - answer: What it resolved to, when that was the reason.
    public func suggestion(
        host: Host,
        port: UInt16? = nil,
        protocol transport: TransportProtocol = .tcp,
        answer: [IPAddress] = []
    ) -> String? {
        let service = port.map { Service(port: $0, transport: transport) }
        func isClosed(_ match: Match) -> Bool {
            match.blanket != Match.none || match.covering != Match.none
        }
        guard !isClosed(match(host, service).deny) else { return nil }
        guard !answer.contains(where: { isClosed(denial(of: $0, service)) }) else { return nil }

        let blocked = Set(answer.map(\.canonical)).filter { !isConsented($0) }
        let unnamed = blocked.filter { judge($0).needsExactRule }
        guard unnamed.isEmpty else {
            // Then the name needs no rule, but the one address does; both would be two.
            guard blocked.count == 1, let address = unnamed.first, decide(name: host).isAllowed else { return nil }
            return text(.address(address), port)
        }
        return text(.host(host), port, isPrivate: !allowPrivate && !blocked.isEmpty)
    }

    /// The text of the one allow rule that would open an address, or `nil` when no single rule can.
    ///
    /// For an address with pinned names it is a rule for the first of them, because addresses change.
    ///
    /// - Parameters:
    ///   - address: The denied address.
    ///   - port: Its port.
    ///   - transport: Its transport.
    ///   - names: The names under which it is pinned.
    public func suggestion(
        address: IPAddress,
        port: UInt16,
        protocol transport: TransportProtocol = .tcp,
        names: [Host] = []
    ) -> String? {
        let service = Service(port: port, transport: transport)
        let denials = [denial(of: address, service)] + names.map { match($0, service).deny }
        guard denials.allSatisfy({ $0.covering == Match.none }) else { return nil }

        let address = address.canonical
        let (addressClass, needsExactRule) = judge(address)
        let needsLiteral = addressClass == .loopback || needsExactRule
        guard !needsLiteral, let name = names.first else { return text(.address(address), port) }
        return text(.host(name), port, isPrivate: !allowPrivate && addressClass != .global)
    }

    /// Whether an answer may hold an address under any allowed name.
    private func isConsented(_ address: IPAddress) -> Bool {
        let (addressClass, needsExactRule) = judge(address)
        if addressClass == .global || allowPrivate && !needsExactRule { return true }
        return allow.match(address, nil, isExact: needsExactRule).named != Match.none
    }

    /// The one-line form of a rule; `nil` for one that would be refused.
    private func text(_ target: Rule.Target, _ port: UInt16?, isPrivate: Bool = false) -> String? {
        guard port != 0 else { return nil }
        let rule = Rule(target: target, ports: port.map { [$0] } ?? .any, isPrivate: isPrivate)
        guard (try? rule.check(for: .allow)) != nil else { return nil }
        return rule.description
    }
}
