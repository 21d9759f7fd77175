// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressDNS
import EgressPolicy
import Synchronization

extension Engine {
    /// Validates what a name was resolved to, and pins it.
    func pin(_ text: Text, to addresses: [IPAddress], lifetime: UInt32) -> Ruling {
        // A name that may not be resolved has its reason there.
        let ruling = decide(name: text)
        guard ruling.isAllowed, let host = try? Host(utf8: text.bytes) else { return ruling }
        return pin(host, to: addresses, lifetime: lifetime)
    }

    /// Validates the answer to a query, and pins its addresses to the name that was asked for.
    func pin(answer bytes: [UInt8]) -> Ruling {
        guard let message = try? DNSMessage(decoding: bytes), message.isResponse, message.questions.count == 1,
            let question = message.questions.first
        else { return .refused(.invalidArgument, "these bytes are no answer to one DNS query") }
        let asked = decide(query: bytes)
        guard asked.isAllowed, let host = question.name.host else { return asked }
        // More than the chain that begins at the name: an answer with anything beside it is void, not read around.
        for case .cname(let target) in message.answers.map(\.data) {
            guard let alias = target.host else { return about(host, Verdict(.hostNotAllowlisted)) }
            let verdict = policy.decide(alias: alias)
            guard verdict.isAllowed else { return about(host, verdict, detail: "alias '\(alias)'") }
        }
        let records = message.answers.filter { $0.data.address != nil }
        guard !records.isEmpty else { return asked }
        let addresses = records.compactMap(\.data.address)
        return pin(host, to: addresses, lifetime: records.map(\.lifetime).min() ?? 0)
    }

    private func pin(_ host: Host, to addresses: [IPAddress], lifetime: UInt32) -> Ruling {
        if isLocal(host) { return about(host, Verdict(.allowed)) }
        let verdict = policy.validate(answer: addresses, for: host)
        guard verdict.isAllowed else {
            // With a search domain it may be another name's answer, which is validated where that name is resolved.
            if verdict.reason == .hostNotAllowlisted, !searchDomains.isEmpty { return about(host, Verdict(.allowed)) }
            // The rule for the name is what would have to say more.
            let told = Verdict(verdict.reason, rule: verdict.rule ?? policy.decide(name: host).rule)
            return about(host, told, detail: culprit(addresses, host))
        }
        let now = Machine.now()
        let limits = ResolverLimits()
        let seconds = min(max(lifetime, limits.shortestPinLifetime), limits.longestLifetime)
        let until = now + UInt64(seconds) * 1_000_000_000 + limits.pinGrace
        let isPinned = pins.withLock { pins in
            pins.expire(at: now)
            return pins.pin(name: host, addresses: addresses, until: until)
        }
        return about(host, isPinned ? verdict : Verdict(.limitReached))
    }

    /// The address for which an answer is void.
    private func culprit(_ addresses: [IPAddress], _ host: Host) -> String? {
        addresses.first { !policy.validate(answer: [$0], for: host).isAllowed }?.canonical.description
    }

    private func about(_ host: Host, _ verdict: Verdict, detail: String?) -> Ruling {
        var event = AuditEvent(.name, verdict)
        event.host = host.description
        event.detail = detail
        return .decided(event)
    }
}
