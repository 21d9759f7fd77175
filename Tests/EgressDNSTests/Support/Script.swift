// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@testable import EgressDNS

/// A resolver with a worker before it, servers behind it and a clock: tests read as what is asked, sent, replied and told.
///
/// Each verb answers what the worker was told because of it, one line a message. On the way it holds the resolver to its
/// promises: every accepted query is answered once, and every address told is pinned for longer than its lifetime.
final class Script {
    var resolver: Resolver
    var now: UInt64 = 1_000 * second
    /// What was sent to servers and not yet looked at: `192.0.2.53 udp www.example.com A`.
    private var sent: [String] = []
    /// What became of questions and was not yet looked at.
    private var events: [String] = []
    /// The exchanges that are open, oldest first.
    private(set) var open: [(id: Resolver.ExchangeID, query: DNSMessage, transport: Resolver.Transport)] = []
    /// The last message that the worker was told.
    private(set) var last = DNSMessage(id: 0)
    /// Queries that wait for their answer.
    private(set) var waiting: [Resolver.ClientID: Int] = [:]
    private var nextID: UInt16 = 100

    static let second: UInt64 = 1_000_000_000

    init(
        allow: [String],
        deny: [String] = [],
        allowPrivate: Bool = false,
        servers: [String] = ["192.0.2.53"],
        hosts: String = "",
        extraTypes: Set<RecordType> = [],
        localNames: [String] = [],
        reachesIPv6: Bool = false,
        limits: ResolverLimits = ResolverLimits()
    ) throws {
        let policy = Policy(
            allow: try allow.map { try Rule.parse($0) },
            deny: try deny.map { try Rule.parse($0, for: .deny) },
            allowPrivate: allowPrivate
        )
        var configuration = Resolver.Configuration(
            policy: policy,
            servers: servers.compactMap { ServerAddress($0) },
            hosts: HostsFile(parsing: hosts),
            extraTypes: extraTypes,
            localNames: Set(try localNames.map { try Host($0) }),
            limits: limits
        )
        configuration.reachesIPv6 = { reachesIPv6 }
        resolver = Resolver(configuration, randomness: SplitMix(seed: 1))
    }

    /// Begins as a service does.
    func prepare() -> String {
        resolver.prepare(now: now)
        return perform()
    }

    // MARK: The worker

    /// Asks a question; the answer is empty while it has to wait.
    @discardableResult
    func ask(
        _ name: String,
        _ type: RecordType = .a,
        client: UInt64 = 1,
        id: UInt16? = nil,
        edns: EDNS? = EDNS(),
        transport: Resolver.Transport = .udp
    ) throws -> String {
        nextID += 1
        var query = DNSMessage(id: id ?? nextID, asking: Question(name: try DNSName(name), type: type), edns: edns)
        query.isAuthenticData = true
        return say(query.encode(), client: client, transport: transport)
    }

    /// Sends any octets as a query.
    @discardableResult
    func say(_ octets: [UInt8], client: UInt64 = 1, transport: Resolver.Transport = .udp) -> String {
        let client = Resolver.ClientID(client)
        if resolver.receive(query: octets, from: client, transport: transport, now: now) {
            waiting[client, default: 0] += 1
        }
        return perform()
    }

    // MARK: The servers

    /// Replies to the newest open exchange, or the newest that asks for a name; see ``Record/sections(_:)``.
    @discardableResult
    func reply(
        _ records: String = "",
        _ code: ResponseCode = .noError,
        to name: String? = nil,
        change: (inout DNSMessage) -> Void = { _ in }
    ) throws -> String {
        let exchange = try #require(newest(asking: name), "nothing was asked")
        var message = exchange.query
        message.isResponse = true
        message.recursionAvailable = true
        message.responseCode = code
        (message.answers, message.authorities) = try Record.sections(records)
        change(&message)
        switch exchange.transport {
        case .udp: return datagram(message.encode(), to: name)
        case .tcp: return stream(Self.framed(message.encode()), to: name)
        }
    }

    /// The newest open exchange, of those that ask for a name if one is given.
    private func newest(
        asking name: String?
    ) -> (id: Resolver.ExchangeID, query: DNSMessage, transport: Resolver.Transport)? {
        guard let name else { return open.last }
        return open.last { $0.query.questions[0].name.lowercased.description == name }
    }

    /// Hands in a datagram for the newest open exchange.
    @discardableResult
    func datagram(_ octets: [UInt8], to name: String? = nil) -> String {
        if let id = newest(asking: name)?.id { resolver.receive(datagram: octets, exchange: id, now: now) }
        return perform()
    }

    /// Hands in bytes of the stream of the newest open exchange.
    @discardableResult
    func stream(_ octets: [UInt8], to name: String? = nil) -> String {
        if let id = newest(asking: name)?.id { resolver.receive(stream: octets, exchange: id, now: now) }
        return perform()
    }

    /// The newest open exchange fails.
    @discardableResult
    func fail(_ failure: ServerFailure) -> String {
        if let id = open.last?.id { resolver.exchangeFailed(id, failure, now: now) }
        return perform()
    }

    static func framed(_ message: [UInt8]) -> [UInt8] {
        [UInt8(message.count >> 8), UInt8(message.count & 0xff)] + message
    }

    // MARK: The clock

    /// Lets time pass, stopping at each deadline.
    @discardableResult
    func wait(_ seconds: Double) -> String {
        let end = now + UInt64(seconds * Double(Self.second))
        var told: [String] = []
        while let deadline = resolver.nextDeadline, deadline <= end {
            now = max(now, deadline)
            resolver.tick(now: now)
            told.append(perform())
        }
        now = end
        resolver.tick(now: now)
        told.append(perform())
        return told.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    // MARK: What happened

    /// What was sent since the last look.
    func takeSent() -> [String] {
        defer { sent = [] }
        return sent
    }

    /// What was reported since the last look.
    func takeEvents() -> [String] {
        defer { events = [] }
        return events
    }

    /// Whether an address is pinned to a name now.
    func isPinned(_ address: String, _ name: String) throws -> Bool {
        let address = try #require(IPAddress(address))
        return resolver.pins.names(for: address, at: now).contains(try Host(name))
    }

    private func perform() -> String {
        var told: [String] = []
        for action in resolver.takeActions() {
            switch action {
            case .answer(let client, let octets):
                told.append(tell(client, octets))
            case .openUDP(let id, let server, let octets):
                note(id, server, .udp, octets)
            case .openTCP(let id, let server, let octets):
                note(id, server, .tcp, Array(octets.dropFirst(2)))
                #expect(octets == Self.framed(Array(octets.dropFirst(2))))
            case .close(let id):
                open.removeAll { $0.id == id }
            case .event(let event):
                events.append(event.text)
            }
        }
        return told.joined(separator: "\n")
    }

    private func note(
        _ id: Resolver.ExchangeID,
        _ server: ServerAddress,
        _ transport: Resolver.Transport,
        _ octets: [UInt8]
    ) {
        guard let query = try? DNSMessage(decoding: octets), let question = query.questions.first else {
            Issue.record("an unreadable query was sent")
            return
        }
        open.append((id, query, transport))
        let edns = query.edns == nil ? " without EDNS" : ""
        sent.append("\(server) \(transport) \(question.name.lowercased) \(question.type)\(edns)")
    }

    private func tell(_ client: Resolver.ClientID, _ octets: [UInt8]) -> String {
        waiting[client, default: 0] -= 1
        #expect(waiting[client, default: 0] >= 0, "answered twice")
        guard let message = try? DNSMessage(decoding: octets) else {
            Issue.record("an unreadable answer was told")
            return "unreadable"
        }
        last = message
        #expect(message.isResponse && !message.isAuthoritative && message.recursionAvailable)
        #expect(message.authorities.isEmpty && message.additionals.isEmpty)
        checkPins(message)
        return message.text
    }

    private func checkPins(_ message: DNSMessage) {
        guard let host = message.questions.first?.name.host, !host.isLocalhost else { return }
        for record in message.answers {
            guard let address = record.data.address, !address.isLoopback else { continue }
            let least = now + UInt64(record.ttl) * Self.second
            let expiry = resolver.pins.expiry(of: address, for: host, at: now) ?? 0
            #expect(expiry > least, "\(address) is not pinned as long as \(host) was told")
        }
    }
}

extension DNSMessage {
    /// The code, the answers and the reason: `NOERROR www.example.com 60 A 192.0.2.1`.
    var text: String {
        var parts = ["\(responseCode)"]
        if isTruncated { parts.append("TC") }
        parts += [answers.map { "\($0.name) \($0.ttl) \($0.data.text)" }.joined(separator: "; ")]
        for error in edns?.options.compactMap({ ExtendedError($0) }) ?? [] {
            parts.append("[\(error.code.rawValue) \(error.text.prefix { $0 != ":" })]")
        }
        return parts.filter { !$0.isEmpty }.joined(separator: " ")
    }
}

extension ResolverEvent {
    /// One line for the most of it.
    var text: String {
        let end =
            switch outcome {
            case .addresses(let addresses): addresses.map(\.description).joined(separator: ",")
            case .records(let count): "\(count) records"
            case .noData: "no data"
            case .noSuchName: "no such name"
            case .denied: "denied"
            case .failed: "failed"
            }
        let tail = (verdict.rule.map { " by \($0)" } ?? "") + (detail.map { " (\($0))" } ?? "")
        return "\(verdict.reason.rawValue) \(name) \(type) from \(source.rawValue): \(end)\(tail)"
    }
}
