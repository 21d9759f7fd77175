// SPDX-License-Identifier: Apache-2.0

/// A compiled policy: pure answers, in a time that does not depend on the number of rules.
///
/// Nothing is allowed by default, and deny wins. A connection passes three questions, each of which would hold without
/// the others: ``decide(name:)`` before a name is asked for, ``validate(answer:for:)`` before an answer is given out,
/// and ``decide(address:port:protocol:names:)`` before a packet leaves.
///
/// Private and special-purpose addresses need consent: `allowPrivate`, an allow rule for the name with
/// ``Rule/isPrivate``, or an allow rule that names the address or its block. Some places need more, the very address
/// spelled out in an allow rule: cloud metadata, multicast, broadcast, `0.0.0.0` and `::`, what would need a zone, and
/// at the gate also loopback, which stands for the machine's own.
public struct Policy: Sendable {
    /// The rules that open, as they were given.
    public var allowRules: [Rule] { allow.rules }

    /// The rules that close, as they were given.
    public var denyRules: [Rule] { deny.rules }

    /// Whether every allowed name may resolve to private space.
    public let allowPrivate: Bool

    /// The ports of the machine's own loopback that the rules open.
    public let hostLoopbackTargets: [(address: IPAddress, ports: PortSet, protocols: ProtocolSet)]

    /// The NAT64 prefixes of the network that are known: an address under one is judged by what it stands for as well.
    public var translationPrefixes: [TranslationPrefix] = []

    let allow: RuleIndex
    let deny: RuleIndex

    /// Compiles rules; ``Rule/check(for:)`` should have passed each of them.
    public init(allow: [Rule], deny: [Rule], allowPrivate: Bool = false) {
        self.allowPrivate = allowPrivate
        self.allow = RuleIndex(allow)
        self.deny = RuleIndex(deny)
        hostLoopbackTargets = allow.compactMap { rule in
            guard case .address(let address) = rule.target, address.isLoopback else { return nil }
            return (address.canonical, rule.ports, rule.protocols)
        }
    }

    /// What both lists say of a name; without a service, only whether they name it.
    func match(_ host: Host, _ service: Service?) -> (allow: Match, deny: Match) {
        RuleIndex.match(host, service, allow: allow, deny: deny)
    }

    func denied(_ index: Int32) -> Verdict {
        Verdict(.deniedByRule, rule: deny.rules[Int(index)])
    }

    func allowed(_ index: Int32) -> Verdict {
        Verdict(.allowed, rule: allow.rules[Int(index)])
    }
}
