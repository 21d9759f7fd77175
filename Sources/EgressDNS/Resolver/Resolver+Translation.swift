// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

/// The search for the NAT64 prefixes of the network (RFC 7050, section 3).
///
/// An address under such a prefix is an IPv4 address in disguise: whoever serves an allowed name could lead to a private
/// network by it. Servers that synthesise such addresses do so for `ipv4only.arpa` too, whose addresses are known.
///
/// All servers are asked, since those prefixes hold for the network and not for the server. An answer waits for the server
/// that gave it. A server that says no, in whatever words, knows no prefix; silence says nothing, so for a while there are
/// no IPv6 addresses from that server, and then it is asked again.
extension Resolver {
    /// The name that has IPv4 addresses only, so that every IPv6 address of it is a translated one.
    private static let askedName = "ipv4only.arpa"
    /// The bounds of the time for which an answer counts, in seconds.
    private static let lifetimes: ClosedRange<UInt32> = 60...3600
    /// How long a silent server is left alone, in nanoseconds.
    private static let pause = 10 * ResolverLimits.second
    /// Prefixes that are kept; a network has one, or a few.
    private static let maximumPrefixes = 32

    /// For people, about an answer that is not told.
    static let untranslated =
        "it is not known whether the network translates IPv6 addresses (no answer for \(askedName))"

    /// Asks ahead, where a rule opens a block of IPv6 addresses: its addresses are connected to without a name.
    public mutating func prepare(now: UInt64) {
        let opensBlocks = policy.allowRules.contains { rule in
            guard case .block(let block) = rule.target, case .v6 = block.base else { return false }
            return true
        }
        if opensBlocks { askForTranslation(now: now) }
    }

    /// Asks each server that was not asked lately.
    mutating func askForTranslation(now: UInt64) {
        let due = servers.indices.filter { servers[$0].translation.isDue(at: now) }
        guard !due.isEmpty, configuration.judgesAnswers, configuration.reachesIPv6() else { return }
        guard let host = try? Host(Self.askedName) else { return }
        for index in due {
            let key = LookupKey(host: host, type: .aaaa, server: index)
            guard lookups[key] == nil else { continue }
            servers[index].translation = .asked
            lookups[key] = Lookup(
                verdict: Verdict(.allowed),
                name: DNSName(host),
                deadline: now + configuration.limits.lookupTimeout,
                queries: [],
                firstServer: index
            )
            tryNextServer(key, now: now)
        }
    }

    /// A server has said what its network translates: nothing, when it has no address for the name.
    mutating func learn(_ answer: Answer, from server: Int, now: UInt64) {
        var prefixes = policy.translationPrefixes
        for case .aaaa(let address) in answer.data {
            for prefix in TranslationPrefix.found(in: address) where !prefixes.contains(prefix) {
                prefixes.append(prefix)
            }
        }
        guard prefixes.count <= Self.maximumPrefixes else { return learnNothing(from: server, now: now) }
        if prefixes != policy.translationPrefixes {
            policy.translationPrefixes = prefixes
            // What was judged by less. Pins are judged anew at the gate.
            cache = AnswerCache(limit: configuration.limits.cachedAnswers)
        }
        let lifetime = min(max(answer.lifetime, Self.lifetimes.lowerBound), Self.lifetimes.upperBound)
        settleTranslation(of: server, .known(until: now + UInt64(lifetime) * ResolverLimits.second), now: now)
    }

    /// A server was silent, or told more than is kept.
    mutating func learnNothing(from server: Int, now: UInt64) {
        settleTranslation(of: server, .unknown(until: now + Self.pause), now: now)
    }

    private mutating func settleTranslation(of server: Int, _ translation: UpstreamServer.Translation, now: UInt64) {
        servers[server].translation = translation
        for key in lookups.keys.filter({ $0.server == server }) { finish(key, .answer(Answer(), Verdict(.allowed))) }
        for (key, lookup) in lookups {
            guard let parked = lookup.parked, parked.server == server else { continue }
            if case .known = translation {
                conclude(key, checking: parked.answer, now: now)
            } else {
                finish(key, .untranslated(lookup.verdict, Self.untranslated))
            }
        }
    }
}
