// SPDX-License-Identifier: Apache-2.0

/// What is known of one upstream server, from the beginning of the run.
struct UpstreamServer: Sendable {
    /// Whether the server takes part in cookies (RFC 7873).
    enum Cookies: Sendable {
        /// It was not seen yet to give one: they are sent, and need not come back.
        case untried
        /// It gives them: a datagram without ours is not its answer.
        case given
        /// It drops queries that carry one, or answers with and without as it likes: none is sent.
        case avoided
    }

    /// The cookie for the next query.
    var cookie: Cookie
    var cookies = Cookies.untried
    /// It does not repeat a name as it was spelled, as was seen over TCP: it is asked over TCP only.
    var foldsNames = false
    /// Whether the network translates to IPv4, as this server has it.
    var translation = Translation.unasked

    /// Where the search for the network's NAT64 prefixes (RFC 7050) stands.
    enum Translation: Sendable, Equatable {
        /// It was not asked: nothing needed it yet.
        case unasked
        /// The answer is waited for.
        case asked
        /// It has answered; the time is when it is asked again.
        case known(until: UInt64)
        /// It has not answered; the time is when it is asked again.
        case unknown(until: UInt64)

        /// Whether it is time to ask.
        func isDue(at now: UInt64) -> Bool {
            switch self {
            case .unasked: true
            case .asked: false
            case .known(let until), .unknown(let until): until <= now
            }
        }
    }

    /// What a response says with its cookie about who sent it.
    enum Signature: Equatable {
        /// Our cookie came back.
        case right(Cookie)
        /// There is none, where one may be.
        case missing
        /// Somebody else's, or one of an illegal length: not a response to this query (RFC 7873, section 5.3).
        case wrong
    }

    /// Compares the cookie of a response with that of the query; nil when the query had none.
    static func signature(of response: DNSMessage, to query: DNSMessage) -> Signature? {
        guard let sent = query.edns?.options.lazy.compactMap({ Cookie($0) }).first else { return nil }
        let options = response.edns?.options.filter { $0.code == Cookie.optionCode } ?? []
        guard let option = options.first else { return .missing }
        guard options.count == 1, let cookie = Cookie(option), cookie.client == sent.client else { return .wrong }
        return .right(cookie)
    }
}
