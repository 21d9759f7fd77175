// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

/// A question that is being asked upstream, and who waits for it.
struct Lookup: Sendable {
    /// Why the name may be asked about.
    let verdict: Verdict
    /// The name in the spelling that goes upstream: lower case, so that the worker's spelling tells nothing.
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
    /// How many tries were made for the name asked about now.
    var tries = 0
    var exchange: Exchange?
    /// The last failure of each server.
    var failures: [(server: ServerAddress, failure: ServerFailure)] = []

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
        failures.map { "\($0.server): \($0.failure)" }.joined(separator: "; ")
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
    var strays = 0
    /// What came so far of a response over TCP, its length first.
    var received: [UInt8] = []

    /// Whether a message is a response to the query of this exchange.
    func isAnswered(by message: DNSMessage) -> Bool {
        guard message.isResponse, message.id == query.id, message.opcode == query.opcode else { return false }
        // An error may come without the question (BIND answers FORMERR so); an answer may not.
        let isFailure = message.responseCode != .noError && message.responseCode != .nameError
        return message.questions == query.questions || (isFailure && message.questions.isEmpty)
    }
}
