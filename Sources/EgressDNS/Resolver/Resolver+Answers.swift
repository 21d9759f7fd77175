// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

extension Resolver {
    /// Checks an answer against the policy: each alias, then all addresses. Lifetimes are capped.
    func check(_ answer: Answer, _ verdict: Verdict, for key: LookupKey) -> Finding {
        if let refusal = check(aliases: answer.aliases, verdict) { return refusal }
        let addresses = answer.addresses
        if configuration.judgesAnswers, !addresses.isEmpty {
            let judged = policy.validate(answer: addresses, for: key.host)
            guard judged.isAllowed else {
                let bad = addresses.first { !policy.validate(answer: [$0], for: key.host).isAllowed }
                return .denied(judged, bad.map(phrase))
            }
        }
        var answer = answer
        let limits = configuration.limits
        let cap = answer.data.isEmpty ? limits.longestNegativeLifetime : limits.longestLifetime
        answer.lifetime = min(answer.lifetime, cap)
        return .answer(answer, verdict)
    }

    /// An address for people, with what the network translates it to.
    private func phrase(_ address: IPAddress) -> String {
        let translated = policy.translations(of: address)
        let tail =
            translated.isEmpty ? "" : ", which stands for \(translated.map(\.description).joined(separator: " or "))"
        return "address \(address)\(tail)"
    }

    /// What is wrong with the first alias that a rule denies or that no rule could name; nil when there is none.
    func check(aliases: [DNSName], _ allowed: Verdict) -> Finding? {
        for alias in aliases {
            guard let host = alias.host else {
                return .unresolved(allowed, .other, "the alias '\(alias)' is no host name")
            }
            let verdict = policy.decide(alias: host)
            guard verdict.isAllowed else { return .denied(verdict, "alias '\(host)'") }
        }
        return nil
    }

    /// Cuts a checked answer to what is told, and pins that for longer than the worker is told to keep it.
    mutating func pin(_ answer: Answer, _ verdict: Verdict, for key: LookupKey, now: UInt64) -> Finding {
        let limits = configuration.limits
        var answer = answer
        answer.data = Array(answer.data.prefix(limits.recordsPerAnswer))
        guard key.type.isAddress, !answer.data.isEmpty else { return .answer(answer, verdict) }
        pins.expire(at: now)
        let lifetime = UInt64(max(answer.lifetime, limits.shortestPinLifetime))
        let until = now + lifetime * ResolverLimits.second + limits.pinGrace
        guard pins.pin(name: key.host, addresses: answer.addresses, until: until) else {
            return .limited(verdict, "too many addresses are pinned")
        }
        return .answer(answer, verdict)
    }

    /// Answers queries that ask the same, and tells what became of each.
    mutating func settle(_ queries: [Query], _ finding: Finding, source: ResolverEvent.Source) {
        for query in queries {
            let response: [UInt8]
            switch finding {
            case .answer(let answer, _):
                response = query.response(answer.exists ? .noError : .nameError, answer: answer)
            case .denied(let verdict, _):
                let code: ExtendedError.Code = verdict.reason == .deniedByRule ? .filtered : .blocked
                response = query.response(.nameError, error: ExtendedError(code, verdict.reason))
            case .failed(let failure):
                let error = ExtendedError(failure.code, failure.verdict.reason)
                response = query.response(failure.response, error: error)
            }
            actions.append(.answer(query.client, response))
            actions.append(.event(event(query, finding, source: source)))
        }
    }

    /// Refuses a query because of its type or class.
    mutating func refuse(_ query: Query, _ verdict: Verdict, _ detail: String?) {
        let error = ExtendedError(.notSupported, verdict.reason)
        actions.append(.answer(query.client, query.response(.refused, error: error)))
        actions.append(.event(event(query, .denied(verdict, detail), source: .policy)))
    }

    private func event(_ query: Query, _ finding: Finding, source: ResolverEvent.Source) -> ResolverEvent {
        let outcome: ResolverEvent.Outcome
        let verdict: Verdict
        var detail: String?
        switch finding {
        case .answer(let answer, let allowed):
            verdict = allowed
            if !answer.exists {
                outcome = .noSuchName
            } else if answer.data.isEmpty {
                outcome = .noData
            } else {
                outcome =
                    query.question.type.isAddress ? .addresses(answer.addresses) : .records(answer.data.count)
            }
        case .denied(let denied, let phrase):
            verdict = denied
            outcome = .denied
            detail = phrase
        case .failed(let failure):
            verdict = failure.verdict
            outcome = .failed
            detail = failure.detail
        }
        return ResolverEvent(
            client: query.client,
            name: query.question.name.description,
            host: query.question.name.host,
            type: query.question.type,
            verdict: verdict,
            outcome: outcome,
            source: source,
            detail: detail
        )
    }
}

extension ExtendedError {
    /// A reason as the worker is told it. Deliberately without detail: which private address a name has, or which server
    /// was asked, is nothing that the worker has to know. The event has it.
    fileprivate init(_ code: Code, _ reason: Reason) {
        self.init(code, "\(reason.rawValue): \(reason.summary)")
    }
}
