// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

extension Resolver {
    /// Takes a message from the worker, without the length that TCP puts before it.
    ///
    /// - Returns: whether an answer follows, now or later; false for bytes that are not answered at all and for a repeat
    ///   of a question that the client already waits for.
    @discardableResult
    public mutating func receive(
        query bytes: [UInt8],
        from client: ClientID,
        transport: Transport,
        now: UInt64
    ) -> Bool {
        switch Query.read(bytes, client: client, transport: transport) {
        case .ignored:
            return false
        case .rejected(let answer):
            actions.append(.answer(client, answer))
            return true
        case .query(let query):
            return receive(query, now: now)
        }
    }

    private mutating func receive(_ query: Query, now: UInt64) -> Bool {
        let question = query.question
        guard question.recordClass == Question.internetClass else {
            refuse(query, Verdict(.recordTypeNotAllowed), "class \(question.recordClass)")
            return true
        }
        guard let host = question.name.host else {
            // No rule can name it: an address, or octets that no host has. Resolvers that are strict about addresses ask
            // for `0177.1` as a name, others connect to what they think it means.
            let text = question.name.description
            let isAddress = IPv4Address(lenient: text) != nil && IPv4Address(text) == nil
            let verdict = Verdict(isAddress ? .nonCanonicalAddress : .hostNotAllowlisted)
            settle([query], .denied(verdict, nil), source: .policy)
            return true
        }
        let verdict = policy.decide(name: host)
        let isOwnName = verdict.reason == .hostNotAllowlisted && configuration.localNames.contains(host)
        guard !host.isLocalhost, !isOwnName else {
            answerLocally(query)
            return true
        }
        guard verdict.isAllowed else {
            settle([query], .denied(verdict, nil), source: .policy)
            return true
        }
        return receive(query, LookupKey(host: host, type: question.type), verdict, now: now)
    }

    /// A query for an allowed name.
    private mutating func receive(_ query: Query, _ key: LookupKey, _ verdict: Verdict, now: UInt64) -> Bool {
        switch key.type {
        case .a, .aaaa:
            let addresses = configuration.hosts.addresses(of: key.host)
            guard addresses.isEmpty else {
                answerFromHosts(query, key, verdict, addresses, now: now)
                return true
            }
        case .svcb, .https:
            // Their hints are addresses that nobody checked, their targets other names and ports.
            settle([query], .answer(Answer(), verdict), source: .policy)
            return true
        case _ where configuration.extraTypes.contains(key.type):
            break
        default:
            refuse(query, Verdict(.recordTypeNotAllowed, rule: verdict.rule), nil)
            return true
        }
        if let (answer, verdict) = cache.answer(for: key, at: now) {
            settle([query], .answer(answer, verdict), source: .cache)
            return true
        }
        return lookUp(query, key, verdict, now: now)
    }

    private mutating func answerLocally(_ query: Query) {
        var answer = Answer(lifetime: configuration.limits.longestLifetime)
        switch query.question.type {
        case .a: answer.data = [.a(IPv4Address(bits: 0x7f00_0001))]
        case .aaaa: answer.data = [.aaaa(IPv6Address(high: 0, low: 1))]
        default: break
        }
        settle([query], .answer(answer, Verdict(.allowed)), source: .local)
    }

    private mutating func answerFromHosts(
        _ query: Query,
        _ key: LookupKey,
        _ verdict: Verdict,
        _ addresses: [IPAddress],
        now: UInt64
    ) {
        let data = addresses.map { address in
            switch address {
            case .v4(let address): RecordData.a(address)
            case .v6(let address): RecordData.aaaa(address)
            }
        }
        // All of them are checked, also those of the other family: the file is one answer.
        var finding = check(Answer(data: data, lifetime: .max), verdict, for: key)
        if case .answer(var answer, let verdict) = finding {
            answer.data.removeAll { $0.type != key.type }
            finding = pin(answer, verdict, for: key, now: now)
        }
        settle([query], finding, source: .hosts)
    }

    /// Joins a lookup that is under way, or starts one.
    private mutating func lookUp(_ query: Query, _ key: LookupKey, _ verdict: Verdict, now: UInt64) -> Bool {
        if let waiting = lookups[key]?.queries {
            // A stub resolver that lost its patience sends the same datagram again: one answer is enough.
            guard !waiting.contains(where: { $0.client == query.client && $0.id == query.id }) else { return false }
            guard waiting.count < configuration.limits.waitersPerLookup else {
                settle([query], .limited(verdict, "too many questions wait for this name"), source: .policy)
                return true
            }
            lookups[key]?.queries.append(query)
            return true
        }
        guard lookups.count < configuration.limits.lookups else {
            settle([query], .limited(verdict, "too many names are being looked up"), source: .policy)
            return true
        }
        guard !configuration.servers.isEmpty else {
            settle([query], .unresolved(verdict, .networkError, "there is no upstream server"), source: .policy)
            return true
        }
        guard budget.spend(on: key.host, rule: verdict.rule, now: now) else {
            let detail = "more new names under one wildcard rule than a minute allows"
            settle([query], .limited(verdict, detail, response: .refused), source: .policy)
            return true
        }
        lookups[key] = Lookup(
            verdict: verdict,
            name: DNSName(key.host),
            deadline: now + configuration.limits.lookupTimeout,
            queries: [query],
            firstServer: preferredServer
        )
        if key.type == .aaaa { askForTranslation(now: now) }
        tryNextServer(key, now: now)
        return true
    }
}
