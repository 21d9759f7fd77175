// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

extension Resolver {
    /// Takes a datagram that arrived on the connected socket of an exchange.
    public mutating func receive(datagram bytes: [UInt8], exchange id: ExchangeID, now: UInt64) {
        guard let key = exchanges[id], let exchange = lookups[key]?.exchange, exchange.transport == .udp else { return }
        // Anyone who guesses the port can send here: what does not match is as if it never came, up to a bound.
        let head = try? DNSMessage(decoding: bytes, extent: .questions)
        switch head.map(exchange.fit) ?? .none {
        case .none:
            noteStray(key, now: now)
        case .spelledAnew:
            // By someone who never saw the question, or by a server that folds names: a stream tells.
            lookups[key]?.doubts[exchange.server] = .spelling
            openStream(key, exchange, now: now)
        case .exact where head?.isTruncated == true:
            openStream(key, exchange, now: now)
        case .exact:
            receive(bytes, key, exchange, now: now)
        }
    }

    mutating func noteStray(_ key: LookupKey, now: UInt64) {
        guard let strays = lookups[key]?.exchange?.strays else { return }
        lookups[key]?.exchange?.strays = strays + 1
        if strays + 1 >= configuration.limits.strayReplies { fail(key, .tooManyStrays, now: now) }
    }

    mutating func openStream(_ key: LookupKey, _ exchange: Exchange, now: UInt64) {
        open(key, .tcp, server: exchange.serverIndex, withEDNS: exchange.query.edns != nil, now: now)
    }

    /// Takes bytes of the stream of an exchange, in any portions.
    public mutating func receive(stream bytes: [UInt8], exchange id: ExchangeID, now: UInt64) {
        guard let key = exchanges[id], lookups[key]?.exchange?.transport == .tcp else { return }
        lookups[key]?.exchange?.received += bytes.prefix(2 + DNSMessage.maximumSize)
        guard let exchange = lookups[key]?.exchange, exchange.received.count >= 2 else { return }
        let length = Int(exchange.received[0]) << 8 | Int(exchange.received[1])
        guard exchange.received.count >= 2 + length else { return }
        let message = Array(exchange.received[2..<(2 + length)])
        let head = try? DNSMessage(decoding: message, extent: .questions)
        switch head.map(exchange.fit) ?? .none {
        case .none:
            fail(key, .tooManyStrays, now: now)
            return
        case .spelledAnew: servers[exchange.serverIndex].foldsNames = true
        case .exact: break
        }
        receive(message, key, exchange, now: now)
    }

    /// The stream of an exchange ended.
    public mutating func streamClosed(_ id: ExchangeID, now: UInt64) {
        exchangeFailed(id, .closed, now: now)
    }

    /// The socket of an exchange reported an error, or could not be made.
    public mutating func exchangeFailed(_ id: ExchangeID, _ failure: ServerFailure, now: UInt64) {
        guard let key = exchanges[id] else { return }
        fail(key, failure, now: now)
    }

    /// A response that matches its query.
    private mutating func receive(_ bytes: [UInt8], _ key: LookupKey, _ exchange: Exchange, now: UInt64) {
        let message: DNSMessage
        do {
            message = try DNSMessage(decoding: bytes)
        } catch {
            fail(key, .malformed(error.code), now: now)
            return
        }
        guard takeCookie(of: message, key, exchange, now: now) else { return }
        if !message.questions.isEmpty || exchange.transport == .tcp { lookups[key]?.isAnswered = true }
        let misunderstood: Set<ResponseCode> = [.formatError, .notImplemented, .badVersion]
        guard exchange.query.edns == nil || !misunderstood.contains(message.responseCode) else {
            // RFC 6891, section 6.2.2: a server older than EDNS is asked again without.
            open(key, exchange.transport, server: exchange.serverIndex, withEDNS: false, now: now)
            return
        }
        guard let lookup = lookups[key] else { return }
        let limit = configuration.limits.aliases - lookup.aliases.count
        switch Interpretation(message, name: lookup.current, type: key.type, aliasLimit: limit) {
        case .failure(let failure):
            fail(key, failure, now: now)
        case .incomplete(let aliases, let lifetime):
            prefer(exchange.serverIndex, key)
            follow(aliases, lifetime: lifetime, key, now: now)
        case .answer(var answer):
            prefer(exchange.serverIndex, key)
            answer.aliases = lookup.aliases + answer.aliases
            answer.lifetime = min(answer.lifetime, lookup.lifetime)
            conclude(key, answer, now: now)
        }
    }

    private mutating func prefer(_ server: Int, _ key: LookupKey) {
        if key.server == nil { preferredServer = server }
    }

    /// Asks for the name at which the aliases of a response ended, when all of them may be used.
    private mutating func follow(_ aliases: [DNSName], lifetime: UInt32, _ key: LookupKey, now: UInt64) {
        guard var lookup = lookups[key] else { return }
        // An alias is no address, and nobody's to follow.
        if let server = key.server { return learn(Answer(), from: server, now: now) }
        if let refusal = check(aliases: aliases, lookup.verdict) {
            finish(key, refusal)
            return
        }
        // A circle over several responses: each name of it was there before.
        let known = Set(lookup.aliases + [lookup.name])
        let count = lookup.aliases.count + aliases.count
        guard known.isDisjoint(with: aliases), count < configuration.limits.aliases else {
            fail(key, .aliases, now: now)
            return
        }
        lookup.aliases += aliases
        lookup.lifetime = min(lookup.lifetime, lifetime)
        lookup.tries = 0
        lookup.firstServer = preferredServer
        lookups[key] = lookup
        tryNextServer(key, now: now)
    }

    /// Checks an answer, or keeps it until it is known how its addresses are translated.
    private mutating func conclude(_ key: LookupKey, _ answer: Answer, now: UInt64) {
        guard let lookup = lookups[key], let server = lookup.exchange?.serverIndex else { return }
        if key.server != nil { return learn(answer, from: server, now: now) }
        if key.type == .aaaa, !answer.data.isEmpty {
            switch servers[server].translation {
            case .asked:
                lookups[key]?.parked = (answer, server)
                closeExchange(key)
                return
            case .unknown:
                finish(key, .untranslated(lookup.verdict, Self.untranslated))
                return
            case .unasked, .known: break
            }
        }
        conclude(key, checking: answer, now: now)
    }

    /// Checks an answer and tells it.
    mutating func conclude(_ key: LookupKey, checking answer: Answer, now: UInt64) {
        guard let lookup = lookups[key] else { return }
        var finding = check(answer, lookup.verdict, for: key)
        if case .answer(let checked, let verdict) = finding {
            finding = pin(checked, verdict, for: key, now: now)
        }
        if case .answer(let told, let verdict) = finding {
            cache.insert(told, verdict: verdict, for: key, at: now)
        }
        finish(key, finding)
    }

    /// Notes that the server of the lookup failed, and goes on to the next.
    mutating func fail(_ key: LookupKey, _ failure: ServerFailure, now: UInt64) {
        if let server = lookups[key]?.exchange?.server { lookups[key]?.note(failure, of: server) }
        tryNextServer(key, now: now)
    }

    /// Asks the next server, or gives up after the last.
    mutating func tryNextServer(_ key: LookupKey, now: UInt64) {
        guard let lookup = lookups[key] else { return }
        guard lookup.parked == nil else {
            finish(key, .untranslated(lookup.verdict, Self.untranslated))
            return
        }
        let count = key.server == nil ? configuration.servers.count : 1
        guard now < lookup.deadline, lookup.tries < count * configuration.limits.rounds else {
            giveUp(key, lookup, now: now)
            return
        }
        let index = key.server ?? (lookup.firstServer + lookup.tries) % count
        lookups[key]?.tries += 1
        let needsStream = servers[index].foldsNames || lookup.doubts[configuration.servers[index]] != nil
        open(key, needsStream ? .tcp : .udp, server: index, withEDNS: true, now: now)
    }

    private mutating func giveUp(_ key: LookupKey, _ lookup: Lookup, now: UInt64) {
        if let server = key.server {
            guard lookup.isAnswered else { return learnNothing(from: server, now: now) }
            return learn(Answer(lifetime: 0), from: server, now: now)
        }
        // RFC 8914: 22 when servers answered but not well, 23 when they could not be reached.
        let answered = lookup.failures.contains { $0.failure.isFromServer }
        let code: ExtendedError.Code = answered ? .noReachableAuthority : .networkError
        finish(key, .unresolved(lookup.verdict, code, lookup.failureText))
    }

    /// Opens an exchange in the place of the one before, with an identifier, a spelling and a port of its own.
    mutating func open(
        _ key: LookupKey,
        _ transport: Transport,
        server index: Int,
        withEDNS: Bool,
        isCookieRetry: Bool = false,
        now: UInt64
    ) {
        closeExchange(key)
        guard let lookup = lookups[key] else { return }
        let question = Question(name: lookup.current.spelled { randomness.next() }, type: key.type)
        let id = UInt16(truncatingIfNeeded: randomness.next())
        let options = sendsCookie(to: index, lookup) ? [servers[index].cookie.option] : []
        let exchange = Exchange(
            id: makeExchangeID(),
            server: configuration.servers[index],
            serverIndex: index,
            transport: transport,
            query: DNSMessage(id: id, asking: question, edns: withEDNS ? EDNS(options: options) : nil),
            due: now + configuration.limits.tryTimeout,
            isCookieRetry: isCookieRetry
        )
        lookups[key]?.exchange = exchange
        exchanges[exchange.id] = key
        let message = exchange.query.encode()
        switch transport {
        case .udp:
            actions.append(.openUDP(exchange.id, exchange.server, message))
        case .tcp:
            let length = [UInt8(message.count >> 8), UInt8(message.count & 0xff)]
            actions.append(.openTCP(exchange.id, exchange.server, length + message))
        }
    }

    private mutating func closeExchange(_ key: LookupKey) {
        guard let id = lookups[key]?.exchange?.id else { return }
        lookups[key]?.exchange = nil
        exchanges[id] = nil
        actions.append(.close(id))
    }

    mutating func finish(_ key: LookupKey, _ finding: Finding) {
        closeExchange(key)
        guard let lookup = lookups.removeValue(forKey: key) else { return }
        settle(lookup.queries, finding, source: .upstream)
    }
}

extension ServerFailure {
    /// Whether the server itself said something.
    fileprivate var isFromServer: Bool {
        switch self {
        case .refused, .malformed, .notRecursive, .aliases: true
        case .timedOut, .connectionRefused, .unreachable, .closed, .tooManyStrays, .other: false
        }
    }
}
