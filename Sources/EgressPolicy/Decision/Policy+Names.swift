// SPDX-License-Identifier: Apache-2.0

extension Policy {
    /// Whether a name may be resolved at all: some allow rule names it, and no deny rule closes it for every port and
    /// transport. A deny rule with a port leaves the name resolvable; the gate applies it.
    public func decide(name: Host) -> Verdict {
        decide(match(name, nil))
    }

    private func decide(_ match: (allow: Match, deny: Match)) -> Verdict {
        guard match.deny.blanket == Match.none else { return denied(match.deny.blanket) }
        return match.allow.named == Match.none ? Verdict(.hostNotAllowlisted) : allowed(match.allow.named)
    }

    /// Whether a port of a name may be connected to, as far as that can be said before the name is resolved.
    public func decide(host: Host, port: UInt16, protocol transport: TransportProtocol) -> Verdict {
        let match = match(host, Service(port: port, transport: transport))
        guard match.deny.covering == Match.none else { return denied(match.deny.covering) }
        guard match.allow.covering == Match.none else { return allowed(match.allow.covering) }
        if match.allow.isOtherTransport { return Verdict(.protocolNotAllowed) }
        return Verdict(match.allow.named == Match.none ? .hostNotAllowlisted : .portNotAllowed)
    }

    /// Whether an allowed name may be an alias (CNAME) of this one, which needs no rule of its own.
    ///
    /// Any deny rule that names it closes it, whatever its ports: the gate only knows the name that was asked for.
    public func decide(alias: Host) -> Verdict {
        let closed = match(alias, nil).deny.named
        return closed == Match.none ? Verdict(.allowed) : denied(closed)
    }

    /// Whether a whole answer for a name may be given out and pinned; one bad address voids it.
    public func validate(answer: [IPAddress], for name: Host) -> Verdict {
        let match = match(name, nil)
        let verdict = decide(match)
        guard verdict.isAllowed else { return verdict }
        guard !answer.isEmpty else { return Verdict(.emptyResolution) }
        let isConsented = allowPrivate || match.allow.namedPrivate != Match.none
        for address in answer {
            if let refusal = refusal(of: address, isConsented: isConsented) { return refusal }
        }
        return verdict
    }

    /// What is wrong with one address of an answer.
    private func refusal(of address: IPAddress, isConsented: Bool) -> Verdict? {
        let closed = denial(of: address, nil).blanket
        guard closed == Match.none else { return denied(closed) }
        let (addressClass, needsExactRule) = judge(address)
        if addressClass == .global { return nil }
        if isConsented, !needsExactRule { return nil }
        guard allow.match(address, nil, isExact: needsExactRule).named == Match.none else { return nil }
        return Verdict(addressClass == .metadata ? .metadataBlocked : .privateTargetBlocked)
    }

    /// What the deny rules say of an address and of the IPv4 addresses it carries.
    func denial(of address: IPAddress, _ service: Service?) -> Match {
        let address = address.canonical
        var match = deny.match(address, service)
        if case .v6(let outer) = address {
            for inner in outer.embeddedIPv4 + translations(of: outer) {
                match.formUnion(deny.match(.v4(inner), service))
            }
        }
        return match
    }
}
