// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

/// A question that is being asked upstream, and who waits for it.
struct Lookup: Sendable {
    /// Why the name may be asked about.
    let verdict: Verdict
    /// The name in lower case; what goes upstream is spelled anew each time, so that the worker's spelling tells nothing.
    let name: DNSName
    /// When it is given up.
    let deadline: UInt64
    var queries: [Query]
    /// The aliases followed by earlier responses.
    var aliases: [DNSName] = []
    /// The least lifetime of those aliases.
    var lifetime: UInt32 = .max
    /// The index of the server that is tried first.
    var firstServer: Int
    /// Servers whose datagrams could not be told from a stranger's: they are asked over TCP.
    var doubts: [ServerAddress: Doubt] = [:]
    /// How many tries were made for the name asked about now.
    var tries = 0
    var exchange: Exchange?
    /// The last failure of each server.
    var failures: [(server: ServerAddress, failure: ServerFailure)] = []
    /// Whether some response came, good or bad, that had the question or came over TCP: nobody guesses that.
    var isAnswered = false
    /// An answer that came before it was known whether the network translates to IPv4, and the server it came from.
    var parked: (answer: Answer, server: Int)?

    /// The name asked about now: the question's, or the end of the aliases.
    var current: DNSName { aliases.last ?? name }

    /// The time at which something is to be done when nothing comes.
    var due: UInt64 { min(deadline, exchange?.due ?? deadline) }

    mutating func note(_ failure: ServerFailure, of server: ServerAddress) {
        failures.removeAll { $0.server == server }
        failures.append((server, failure))
    }

    /// What the servers did wrong, for people.
    var failureText: String {
        failures.map { server, failure in
            "\(server): \(failure)" + (doubts[server].map { " over TCP; over UDP \($0.rawValue)" } ?? "")
        }.joined(separator: "; ")
    }

    /// Why a datagram that came may be a stranger's.
    enum Doubt: String, Sendable {
        case spelling = "the name came back in another spelling"
        case cookie = "the cookie did not come back"
    }
}

/// One query to one server.
struct Exchange: Sendable {
    let id: Resolver.ExchangeID
    let server: ServerAddress
    let serverIndex: Int
    let transport: Resolver.Transport
    /// The message that was sent; a response has to match it.
    let query: DNSMessage
    /// When the server has had its time.
    let due: UInt64
    /// Whether it repeats a query with the cookie that the server has just demanded.
    let isCookieRetry: Bool
    var strays = 0
    /// What came so far of a response over TCP, its length first.
    var received: [UInt8] = []

    /// How a message fits the query of this exchange.
    enum Fit {
        /// It is no response to it.
        case none
        /// It is, but for the case of letters in the question.
        case spelledAnew
        /// It is, octet by octet.
        case exact
    }

    func fit(of message: DNSMessage) -> Fit {
        guard message.isResponse, message.id == query.id, message.opcode == query.opcode else { return .none }
        // An error may come without the question (BIND answers FORMERR so); an answer may not.
        let isFailure = message.responseCode != .noError && message.responseCode != .nameError
        if isFailure, message.questions.isEmpty { return .exact }
        guard message.questions == query.questions else { return .none }
        return zip(message.questions, query.questions).allSatisfy { $0.name.isSpelled(like: $1.name) }
            ? .exact : .spelledAnew
    }
}
