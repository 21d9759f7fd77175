// SPDX-License-Identifier: Apache-2.0

extension Resolver {
    /// Whether the next query of a lookup to a server carries a cookie.
    ///
    /// Some middleboxes drop queries with an option that they don't know: after a silence the cookie is left out, unless the
    /// server is known to give one.
    func sendsCookie(to index: Int, _ lookup: Lookup) -> Bool {
        switch servers[index].cookies {
        case .given: return true
        case .avoided: return false
        case .untried: return !isSilenced(index, lookup)
        }
    }

    private func isSilenced(_ index: Int, _ lookup: Lookup) -> Bool {
        lookup.failures.contains { $0.server == configuration.servers[index] && $0.failure == .timedOut }
    }

    /// Looks at the cookie of a response that fits its query in all else (RFC 7873, section 5.3).
    ///
    /// - Returns: whether the response is to be read on; if not, it was ignored, or the server is asked again.
    mutating func takeCookie(of message: DNSMessage, _ key: LookupKey, _ exchange: Exchange, now: UInt64) -> Bool {
        let index = exchange.serverIndex
        switch (UpstreamServer.signature(of: message, to: exchange.query), exchange.transport) {
        case (nil, _):
            let isWithoutCookie = exchange.query.edns != nil && servers[index].cookies == .untried
            if isWithoutCookie, let lookup = lookups[key], isSilenced(index, lookup) {
                servers[index].cookies = .avoided
            }
            return true
        case (.right(let cookie), let transport):
            if !cookie.server.isEmpty { (servers[index].cookies, servers[index].cookie) = (.given, cookie) }
            guard message.responseCode == .badCookie, !cookie.server.isEmpty, transport == .udp else { return true }
            // Twice in a row: servers behind one address that do not share their secret.
            let next: Transport = exchange.isCookieRetry ? .tcp : .udp
            open(key, next, server: index, withEDNS: true, isCookieRetry: true, now: now)
            return false
        case (.missing, .udp):
            guard servers[index].cookies == .given else { return true }
            lookups[key]?.doubts[exchange.server] = .cookie
            openStream(key, exchange, now: now)
            return false
        case (.wrong, .udp):
            // A stranger, or a forwarder that keeps whole answers: the next try is made over TCP.
            lookups[key]?.doubts[exchange.server] = .cookie
            noteStray(key, now: now)
            return false
        case (.missing, .tcp), (.wrong, .tcp):
            // No stranger off the path answers here: it is the server, whose cookies say nothing.
            let isExpected = servers[index].cookies == .given || lookups[key]?.doubts[exchange.server] == .cookie
            if isExpected { servers[index].cookies = .avoided }
            return true
        }
    }
}
