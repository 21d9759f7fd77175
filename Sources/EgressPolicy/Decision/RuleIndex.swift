// SPDX-License-Identifier: Apache-2.0

/// The rules of one list, arranged for looking up.
struct RuleIndex: Sendable {
    let rules: [Rule]

    init(_ rules: [Rule]) {
        self.rules = rules
    }

    /// What the rules say of a name; without a service, only whether they name it.
    func match(_ host: Host, _ service: Service?) -> Match {
        match(service) { target in
            switch target {
            case .host(let name): name == host
            case .hostAndBelow(let name): name == host || host.isBelow(name)
            case .below(let name): host.isBelow(name)
            case .address, .block: false
            }
        }
    }

    /// What the rules say of an address; with `isExact`, only those which spell just this one.
    func match(_ address: IPAddress, _ service: Service?, isExact: Bool = false) -> Match {
        let address = address.canonical
        return match(service) { target in
            switch target {
            case .address(let literal): literal.canonical == address
            case .block(let block): block.contains(address) && (!isExact || block.soleAddress != nil)
            case .host, .hostAndBelow, .below: false
            }
        }
    }

    private func match(_ service: Service?, where names: (Rule.Target) -> Bool) -> Match {
        var match = Match()
        for (index, rule) in rules.enumerated() where names(rule.target) {
            let index = Int32(truncatingIfNeeded: index)
            match.named = min(match.named, index)
            if rule.isPrivate { match.namedPrivate = min(match.namedPrivate, index) }
            if rule.ports.isAny, rule.protocols == .all { match.blanket = min(match.blanket, index) }
            guard let service, rule.ports.contains(service.port) else { continue }
            if rule.protocols.contains(service.transport) {
                match.covering = min(match.covering, index)
                if rule.isPrivate { match.coveringPrivate = min(match.coveringPrivate, index) }
            } else if !rule.protocols.isEmpty {
                match.isOtherTransport = true
            }
        }
        return match
    }
}
