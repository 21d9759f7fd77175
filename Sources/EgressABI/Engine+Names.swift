// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressDNS
import EgressPolicy

extension Engine {
    /// Whether a name may be resolved.
    func decide(name text: Text) -> Ruling {
        switch host(text) {
        case .failure(let ruling): ruling.ruling
        case .success(let host): about(host, verdict(host, isAbsolute: text.endsWithDot))
        }
    }

    /// Whether records of a type may be asked of a name.
    func decide(name text: Text, type: RecordType) -> Ruling {
        switch host(text) {
        case .failure(let ruling): ruling.ruling
        case .success(let host): about(host, verdict(host, type, isAbsolute: text.endsWithDot), type)
        }
    }

    /// Whether an allowed name may be an alias of this one.
    func decide(alias text: Text) -> Ruling {
        switch host(text) {
        case .failure(let ruling): ruling.ruling
        case .success(let host): about(host, policy.decide(alias: host))
        }
    }

    /// Whether all questions of a DNS message may be asked.
    func decide(query bytes: [UInt8]) -> Ruling {
        guard let message = try? DNSMessage(decoding: bytes, extent: .questions) else {
            return .refused(.invalidArgument, "these bytes are no DNS message")
        }
        var last = Ruling.refused(.invalidArgument, "the DNS message asks nothing")
        for question in message.questions {
            guard let host = question.name.host else { return unnamed("\(question.name)") }
            last = about(host, verdict(host, question.type, isAbsolute: true), question.type)
            guard last.isAllowed else { return last }
        }
        return last
    }

    func about(_ host: Host, _ verdict: Verdict, _ type: RecordType? = nil) -> Ruling {
        var event = AuditEvent(.name, verdict)
        event.host = host.description
        event.recordType = type?.description
        return .decided(event)
    }

    /// The machine's own names, which are looked up without a rule and never pinned.
    func isLocal(_ host: Host) -> Bool {
        flags.contains(.localNames) && (host.isLocalhost || host == hostname)
    }

    private func verdict(_ host: Host, isAbsolute: Bool) -> Verdict {
        if isLocal(host) { return Verdict(.allowed) }
        let verdict = policy.decide(name: host)
        guard verdict.reason == .hostNotAllowlisted, !isAbsolute else { return verdict }
        let longer = searchDomains.lazy.compactMap { try? Host("\(host).\($0)") }.map(policy.decide(name:))
        return longer.first(where: \.isAllowed) ?? verdict
    }

    private func verdict(_ host: Host, _ type: RecordType, isAbsolute: Bool) -> Verdict {
        let verdict = verdict(host, isAbsolute: isAbsolute)
        guard verdict.isAllowed, !type.isAddress, !recordTypes.contains(type) else { return verdict }
        return Verdict(.recordTypeNotAllowed, rule: verdict.rule)
    }

    private struct NoHost: Error { var ruling: Ruling }

    private func host(_ text: Text) -> Result<Host, NoHost> {
        do {
            return .success(try Host(utf8: text.bytes))
        } catch {
            switch error {
            case .empty: return .failure(NoHost(ruling: denied(.missingHost, text)))
            case .address where IPAddress(text.string) == nil:
                return .failure(NoHost(ruling: denied(.nonCanonicalAddress, text)))
            case .address:
                let ruling = Ruling.refused(.invalidArgument, "an address is no name: ask egress_decide_connect")
                return .failure(NoHost(ruling: ruling))
            default: return .failure(NoHost(ruling: unnamed(text.string)))
            }
        }
    }

    private func denied(_ reason: Reason, _ text: Text) -> Ruling {
        var event = AuditEvent(.name, Verdict(reason))
        event.host = text.string
        return .decided(event)
    }

    /// A text that no rule can name.
    private func unnamed(_ name: String) -> Ruling {
        var event = AuditEvent(.name, Verdict(.hostNotAllowlisted))
        event.host = name
        return .decided(event)
    }
}
