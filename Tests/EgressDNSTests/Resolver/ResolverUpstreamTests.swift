// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@testable import EgressDNS

@Suite struct ResolverUpstreamTests {
    private let good = "www.example.com 30 A 93.184.216.34"
    private let told = "NOERROR www.example.com 30 A 93.184.216.34"

    private func script(_ servers: [String] = ["192.0.2.53"]) throws -> Script {
        try Script(allow: ["www.example.com", "two.example.com"], servers: servers)
    }

    // MARK: What counts as the reply

    /// Replies that are not to the query, or not replies at all. Anyone who guesses the port can send them (RFC 5452).
    static let strays: [(String, @Sendable (inout DNSMessage) -> Void)] = [
        ("another identifier", { $0.id &+= 1 }),
        ("a query", { $0.isResponse = false }),
        ("another kind of query", { $0.opcode = 5 }),
        ("another name", { $0.questions = [Question(name: .root, type: .a)] }),
        ("another type", { $0.questions[0].type = .aaaa }),
        ("another class", { $0.questions[0].recordClass = 3 }),
        ("no question", { $0.questions = [] }),
        ("no question and no such name", { ($0.questions, $0.responseCode) = ([], .nameError) }),
        ("the question twice", { $0.questions += $0.questions }),
    ]

    @Test(arguments: strays.indices)
    func `a datagram that is no reply to the query is as if it never came`(_ row: Int) throws {
        let script = try script()
        try script.ask("www.example.com")
        #expect(try script.reply("www.example.com 30 A 93.184.216.66", change: Self.strays[row].1) == "")
        #expect(script.open.count == 1)
        #expect(try script.reply(good) == told)
    }

    @Test func `scraps are strays too, and many of them a failure`() throws {
        let script = try script(["192.0.2.53", "192.0.2.54"])
        try script.ask("www.example.com")
        for _ in 0..<15 { #expect(script.datagram([1, 2, 3]) == "") }
        #expect(script.takeSent().count == 1)
        script.datagram([])
        #expect(script.takeSent() == ["192.0.2.54 udp www.example.com A"])
        #expect(try script.reply(good) == told)
    }

    @Test func `a reply comes once`() throws {
        let script = try script()
        try script.ask("www.example.com")
        let exchange = try #require(script.open.last)
        #expect(try script.reply(good) == told)
        var late = exchange.query
        late.isResponse = true
        script.resolver.receive(datagram: late.encode(), exchange: exchange.id, now: script.now)
        script.resolver.exchangeFailed(exchange.id, .unreachable, now: script.now)
        script.resolver.streamClosed(exchange.id, now: script.now)
        #expect(script.resolver.takeActions().isEmpty)
    }

    @Test func `identifiers are not the same twice in a row`() throws {
        let script = try script()
        var identifiers: Set<UInt16> = []
        for _ in 0..<50 {
            try script.ask("www.example.com")
            identifiers.insert(try #require(script.open.last).query.id)
            try script.reply("www.example.com 0 A 93.184.216.34")
        }
        #expect(identifiers.count > 45)
    }

    // MARK: Servers that fail

    @Test(
        arguments: [
            (ResponseCode.serverFailure, "answered SERVFAIL"), (.refused, "answered REFUSED"),
            (ResponseCode(rawValue: 9), "answered RCODE9"),
        ]
    )
    func `a server that will not answer is followed by the next`(_ code: ResponseCode, _ text: String) throws {
        let script = try script(["192.0.2.53", "2001:db8::53"])
        try script.ask("www.example.com")
        #expect(try script.reply("", code) == "")
        #expect(try script.reply(good) == told)
        #expect(script.takeSent() == ["192.0.2.53 udp www.example.com A", "2001:db8::53 udp www.example.com A"])
        // The one that answered is asked first from now on.
        try script.ask("two.example.com")
        #expect(script.takeSent() == ["2001:db8::53 udp two.example.com A"])
        for _ in 0..<4 { try script.reply("", code) }
        let event = "dns_resolution_failed two.example.com A from upstream: failed by two.example.com"
        #expect(script.takeEvents().last == "\(event) (2001:db8::53: \(text); 192.0.2.53: \(text))")
    }

    @Test(
        arguments: [
            (ServerFailure.connectionRefused, "connection refused"), (.unreachable, "unreachable"),
            (.other("too many open files"), "too many open files"), (.closed, "closed the connection"),
        ]
    )
    func `a server that cannot be reached costs no time`(_ failure: ServerFailure, _ text: String) throws {
        let script = try script()
        try script.ask("www.example.com")
        #expect(script.fail(failure) == "")
        #expect(script.fail(failure) == "SERVFAIL [23 dns_resolution_failed]")
        #expect(
            script.takeEvents() == [
                "dns_resolution_failed www.example.com A from upstream: failed by www.example.com (192.0.2.53: \(text))"
            ]
        )
        #expect(script.open.isEmpty)
    }

    @Test func `a silent server is asked twice for two seconds each`() throws {
        let script = try script()
        try script.ask("www.example.com")
        #expect(script.wait(1.9) == "")
        #expect(script.takeSent().count == 1)
        #expect(script.wait(0.1) == "")
        #expect(script.takeSent() == ["192.0.2.53 udp www.example.com A"])
        #expect(script.wait(2) == "SERVFAIL [23 dns_resolution_failed]")
        let event = "dns_resolution_failed www.example.com A from upstream: failed by www.example.com"
        #expect(script.takeEvents() == ["\(event) (192.0.2.53: no answer in time)"])
        #expect(script.resolver.nextDeadline == nil && script.open.isEmpty)
    }

    @Test func `silent servers take turns, eight seconds in all`() throws {
        let script = try script(["192.0.2.1", "192.0.2.2", "192.0.2.3"])
        try script.ask("www.example.com")
        #expect(script.wait(7.9) == "")
        #expect(
            script.takeSent().map { $0.prefix(9) } == ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1"]
        )
        #expect(script.wait(0.1) == "SERVFAIL [23 dns_resolution_failed]")
        #expect(script.takeSent() == [])
    }

    @Test func `a late server still answers the second question`() throws {
        let script = try script()
        try script.ask("www.example.com")
        script.wait(3)
        #expect(try script.reply(good) == told)
    }

    @Test func `without a server the failure says so`() throws {
        let script = try script([])
        #expect(try script.ask("www.example.com") == "SERVFAIL [23 dns_resolution_failed]")
        let event = "dns_resolution_failed www.example.com A from policy: failed by www.example.com"
        #expect(script.takeEvents() == ["\(event) (there is no upstream server)"])
    }

    @Test func `a malformed reply is followed by the next server`() throws {
        let script = try script()
        try script.ask("www.example.com")
        var message = try #require(script.open.last).query
        message.isResponse = true
        let head = message.encode()
        #expect(script.datagram(head + [0]) == "")
        #expect(script.takeSent().count == 2)
        #expect(try script.reply(good) == told)
    }

    // MARK: EDNS

    @Test(
        arguments: [
            (ResponseCode.formatError, false), (.formatError, true), (.notImplemented, true), (.badVersion, true),
        ]
    )
    func `a server older than EDNS is asked without`(_ code: ResponseCode, _ hasQuestion: Bool) throws {
        // RFC 6891, section 6.2.2; BIND's FORMERR has no question.
        let script = try script()
        try script.ask("www.example.com")
        try script.reply("", code) { if !hasQuestion { $0.questions = [] } }
        #expect(script.takeSent().last == "192.0.2.53 udp www.example.com A without EDNS")
        #expect(try script.reply(good) == told)
    }

    @Test func `a server that understands neither is a failure`() throws {
        let script = try script()
        try script.ask("www.example.com")
        for _ in 0..<3 { #expect(try script.reply("", .formatError) == "") }
        #expect(try script.reply("", .formatError) == "SERVFAIL [22 dns_resolution_failed]")
    }

    // MARK: TCP

    @Test func `a truncated reply is fetched over TCP`() throws {
        let script = try script()
        try script.ask("www.example.com")
        // RFC 7766, section 5. The records of a truncated message are not looked at, however broken.
        #expect(try script.reply("www.example.com 30 A 93.184.216.66") { $0.isTruncated = true } == "")
        #expect(
            script.takeSent() == ["192.0.2.53 udp www.example.com A", "192.0.2.53 tcp www.example.com A"]
        )
        #expect(script.open.count == 1)
        #expect(try script.reply(good) == told)
        #expect(try !script.isPinned("93.184.216.66", "www.example.com"))
    }

    private func overTCP(_ servers: [String] = ["192.0.2.53"]) throws -> Script {
        let script = try script(servers)
        try script.ask("www.example.com")
        try script.reply { $0.isTruncated = true }
        _ = script.takeSent()
        return script
    }

    @Test func `a reply over TCP comes in any portions`() throws {
        let script = try overTCP()
        var message = try #require(script.open.last).query
        message.isResponse = true
        message.answers = try Record.sections(good).answers
        let octets = Script.framed(message.encode())
        for octet in octets.dropLast() { #expect(script.stream([octet]) == "") }
        #expect(script.stream([octets[octets.count - 1]] + [1, 2, 3]) == told)
    }

    @Test func `a stream that ends or stalls is followed by the next server`() throws {
        let script = try overTCP(["192.0.2.53", "192.0.2.54"])
        script.stream([0])
        script.fail(.closed)
        #expect(script.takeSent() == ["192.0.2.54 udp www.example.com A"])
        try script.reply { $0.isTruncated = true }
        script.stream([0xff, 0xff])
        script.wait(2)
        #expect(
            script.takeSent() == ["192.0.2.54 tcp www.example.com A", "192.0.2.53 udp www.example.com A"]
        )
        #expect(try script.reply(good) == told)
    }

    @Test func `another answer on the stream is a failure`() throws {
        let script = try overTCP()
        #expect(try script.reply(good) { $0.id &+= 1 } == "")
        #expect(script.takeSent() == ["192.0.2.53 udp www.example.com A"])
    }

    @Test func `a datagram for a stream, or the other way round, is nobody's`() throws {
        let script = try overTCP()
        var message = try #require(script.open.last).query
        message.isResponse = true
        #expect(script.datagram(message.encode()) == "")
        #expect(script.open.count == 1)
        #expect(try script.reply(good) == told)
        try script.ask("two.example.com")
        #expect(script.stream(Script.framed(message.encode())) == "")
        #expect(script.open.count == 1)
    }

    @Test func `a truncated reply over TCP is taken as it is`() throws {
        // RFC 7766 leaves no other way to get more; a server that does so is odd, not hostile.
        let script = try overTCP()
        #expect(try script.reply(good) { $0.isTruncated = true } == told)
    }
}
