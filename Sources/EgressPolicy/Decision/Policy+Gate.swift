// SPDX-License-Identifier: Apache-2.0

extension Policy {
    /// Whether a connection or datagram may leave.
    ///
    /// Deny rules on the address or on any pinned name win. Then a rule for the address or its block allows; then a
    /// pinned name with a rule for port and transport, when the address is global or that rule consents to more.
    ///
    /// - Parameters:
    ///   - address: The true destination; `::ffff:a.b.c.d` is judged as `a.b.c.d`.
    ///   - port: Its port.
    ///   - transport: Its transport.
    ///   - names: The names under which the address is pinned now; none for an address nobody resolved.
    public func decide(
        address: IPAddress,
        port: UInt16,
        protocol transport: TransportProtocol,
        names: [Host]
    ) -> Verdict {
        let address = address.canonical
        let service = Service(port: port, transport: transport)

        var closed = denial(of: address, service).covering
        var named = Match()
        for name in names {
            let match = match(name, service)
            closed = min(closed, match.deny.covering)
            named.formUnion(match.allow)
        }
        guard closed == Match.none else { return denied(closed) }

        let (addressClass, isExactOnly) = judge(address)
        let needsExactRule = addressClass == .loopback || isExactOnly
        let literal = allow.match(address, service, isExact: needsExactRule)
        guard literal.covering == Match.none else { return allowed(literal.covering) }

        // A name cannot open what only its own literal opens.
        if needsExactRule { named = Match() }
        let isConsented = addressClass == .global || allowPrivate
        let opening = isConsented ? named.covering : named.coveringPrivate
        guard opening == Match.none else { return allowed(opening) }

        // Else the reason that helps most: the one step that is missing.
        if named.covering != Match.none { return Verdict(.privateTargetBlocked) }
        if literal.isOtherTransport || named.isOtherTransport { return Verdict(.protocolNotAllowed) }
        if literal.named != Match.none || named.named != Match.none { return Verdict(.portNotAllowed) }
        if addressClass == .metadata { return Verdict(.metadataBlocked) }
        if needsExactRule { return Verdict(.privateTargetBlocked) }
        if !names.isEmpty { return Verdict(.hostNotAllowlisted) }
        return Verdict(isConsented ? .addressNotPinned : .privateTargetBlocked)
    }
}
