// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

/// The policy's meaning once more, as plainly as it can be written: every question walks all rules.
struct LinearPolicy {
    let allow: [Rule]
    let deny: [Rule]
    let allowPrivate: Bool

    func decide(name: Host) -> Verdict {
        if let rule = deny.first(where: { $0.names(name) && $0.isBlanket }) {
            return Verdict(.deniedByRule, rule: rule)
        }
        if let rule = allow.first(where: { $0.names(name) }) { return Verdict(.allowed, rule: rule) }
        return Verdict(.hostNotAllowlisted)
    }

    func decide(alias: Host) -> Verdict {
        let rule = deny.first { $0.names(alias) }
        return Verdict(rule == nil ? .allowed : .deniedByRule, rule: rule)
    }

    func validate(answer: [IPAddress], for name: Host) -> Verdict {
        let verdict = decide(name: name)
        guard verdict.isAllowed else { return verdict }
        guard !answer.isEmpty else { return Verdict(.emptyResolution) }
        for address in answer {
            if let rule = deny.first(where: { rule in rule.isBlanket && judged(address).contains { rule.names($0) } }) {
                return Verdict(.deniedByRule, rule: rule)
            }
            if address.addressClass == .global { continue }
            if onlyExactly(address) {
                if allow.contains(where: { $0.spells(address) }) { continue }
            } else if allowPrivate || allow.contains(where: { $0.names(address) || $0.isPrivate && $0.names(name) }) {
                continue
            }
            return Verdict(address.addressClass == .metadata ? .metadataBlocked : .privateTargetBlocked)
        }
        return verdict
    }

    func decide(address: IPAddress, port: UInt16, protocol transport: TransportProtocol, names: [Host]) -> Verdict {
        let denial = deny.first { rule in
            rule.covers(port, transport)
                && (judged(address).contains { rule.names($0) } || names.contains { rule.names($0) })
        }
        if let denial { return Verdict(.deniedByRule, rule: denial) }

        let isExact = onlyExactly(address) || address.addressClass == .loopback
        let literals = allow.filter { isExact ? $0.spells(address) : $0.names(address) }
        if let rule = literals.first(where: { $0.covers(port, transport) }) { return Verdict(.allowed, rule: rule) }

        let named = isExact ? [] : allow.filter { rule in names.contains { rule.names($0) } }
        let covering = named.filter { $0.covers(port, transport) }
        let isConsented = address.addressClass == .global || allowPrivate
        if let rule = covering.first(where: { isConsented || $0.isPrivate }) { return Verdict(.allowed, rule: rule) }

        if !covering.isEmpty { return Verdict(.privateTargetBlocked) }
        let other: TransportProtocol = transport == .tcp ? .udp : .tcp
        if (literals + named).contains(where: { $0.covers(port, other) }) { return Verdict(.protocolNotAllowed) }
        if !(literals + named).isEmpty { return Verdict(.portNotAllowed) }
        if address.addressClass == .metadata { return Verdict(.metadataBlocked) }
        if isExact { return Verdict(.privateTargetBlocked) }
        if !names.isEmpty { return Verdict(.hostNotAllowlisted) }
        return Verdict(isConsented ? .addressNotPinned : .privateTargetBlocked)
    }

    /// Metadata, multicast, broadcast, 0.0.0.0/8, `::`, and what needs a zone.
    private func onlyExactly(_ address: IPAddress) -> Bool {
        switch address.addressClass {
        case .metadata, .multicast, .broadcast, .unspecified, .thisNetwork: return true
        case .linkLocal:
            if case .v6 = address.canonical { return true }
            return false
        default: return false
        }
    }

    /// The address, and what it carries.
    private func judged(_ address: IPAddress) -> [IPAddress] {
        guard case .v6(let outer) = address.canonical else { return [address.canonical] }
        return [address] + outer.embeddedIPv4.map { .v4($0) }
    }
}

extension Rule {
    fileprivate var isBlanket: Bool { ports.isAny && protocols == .all }

    fileprivate func covers(_ port: UInt16, _ transport: TransportProtocol) -> Bool {
        ports.contains(port) && protocols.contains(transport)
    }

    fileprivate func names(_ host: Host) -> Bool {
        let text = ".\(host)"
        return switch target {
        case .host(let name): name == host
        case .hostAndBelow(let name): text.hasSuffix(".\(name)")
        case .below(let name): name != host && text.hasSuffix(".\(name)")
        case .address, .block: false
        }
    }

    fileprivate func names(_ address: IPAddress) -> Bool {
        switch target {
        case .address: spells(address)
        case .block(let block): block.contains(address)
        case .host, .hostAndBelow, .below: false
        }
    }

    fileprivate func spells(_ address: IPAddress) -> Bool {
        if case .address(let literal) = target { return literal.canonical == address.canonical }
        return false
    }
}
