// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@testable import EgressDNS

@Suite struct ResolverFloodTests {
    // MARK: Bytes that are no question

    @Test func `a message that is no query is not answered`() throws {
        // Two servers that answer each other's errors never stop.
        let script = try Script(allow: ["www.example.com"])
        var response = DNSMessage(id: 1, asking: Question(name: try DNSName("www.example.com"), type: .a))
        response.isResponse = true
        let scrap = [UInt8](repeating: 7, count: 30)
        let scraps: [[UInt8]] = [[], [0], [UInt8](repeating: 0, count: 11), response.encode(), [0, 1, 0x80] + scrap]
        for octets in scraps {
            #expect(script.say(octets) == "")
            #expect(script.waiting.values.allSatisfy { $0 == 0 })
        }
        #expect(script.takeEvents() == [] && script.takeSent() == [])
    }

    @Test func `a query that cannot be read is answered with a bare header`() throws {
        let script = try Script(allow: ["www.example.com"])
        for (name, code) in DecodeTests.malformed {
            let octets = try HexFile.octets("malformed/\(name)")
            // A response, or too short for one.
            guard octets.count >= 12, octets[2] < 0x80 else { continue }
            #expect(script.say(octets) == "FORMERR", "\(name) \(code)")
            #expect(script.last.encode().count == 12 && script.last.id == UInt16(octets[0]) << 8 | UInt16(octets[1]))
        }
        #expect(script.takeSent() == [])
    }

    @Test func `a query of more octets than any needs is not read`() throws {
        let script = try Script(allow: ["www.example.com"])
        let padding = { EDNS(options: [EDNS.Option(code: 12, data: [UInt8](repeating: 0, count: $0))]) }
        #expect(try script.ask("www.example.com", edns: padding(900), transport: .tcp) == "")
        #expect(try script.ask("www.example.com", edns: padding(5_000), transport: .tcp) == "FORMERR")
    }

    @Test func `there is one question in a query`() throws {
        let script = try Script(allow: ["www.example.com"])
        let question = Question(name: try DNSName("www.example.com"), type: .a)
        var query = DNSMessage(id: 1, asking: question)
        query.questions = [question, question]
        #expect(script.say(query.encode()) == "FORMERR")
        query.questions = []
        #expect(script.say(query.encode()) == "FORMERR")
    }

    @Test(arguments: [1, 2, 4, 5, 6, 15] as [UInt8])
    func `other kinds of query are not implemented`(_ opcode: UInt8) throws {
        // RFC 2136 (UPDATE) and RFC 1996 (NOTIFY) among them.
        let script = try Script(allow: ["www.example.com"])
        var query = DNSMessage(id: 1, asking: Question(name: try DNSName("www.example.com"), type: .a))
        query.opcode = opcode
        #expect(script.say(query.encode()) == "NOTIMP")
        #expect(script.last.opcode == opcode && script.takeSent() == [])
    }

    @Test func `another version of EDNS is answered with ours`() throws {
        // RFC 6891, section 6.1.3.
        let script = try Script(allow: ["www.example.com"])
        #expect(try script.ask("www.example.com", edns: EDNS(version: 1)) == "BADVERS")
        #expect(script.last.edns?.version == 0 && script.takeSent() == [])
    }

    @Test func `random octets from the worker and from servers do not trap`() throws {
        let script = try Script(allow: [".example.com"])
        var random = SplitMix(seed: 99)
        for round in 0..<5_000 as Range<UInt64> {
            var source = RandomMessage(seed: round)
            var octets = source.message().encode()
            if Bool.random(using: &random) { octets[2] &= 0x07 }
            if Bool.random(using: &random) { octets[Int.random(in: octets.indices, using: &random)] ^= 0x21 }
            script.say(octets, client: round % 7, transport: Bool.random(using: &random) ? .udp : .tcp)
            try script.ask("n\(round % 50).example.com", client: round)
            if let query = script.open.last?.query {
                // The head right, so that the rest is read.
                var reply = source.message()
                (reply.id, reply.isResponse, reply.opcode, reply.questions) = (query.id, true, 0, query.questions)
                reply.responseCode = .noError
                reply.answers += [Record(name: query.questions[0].name, ttl: 0, data: .cname(.root))]
                if Bool.random(using: &random) { script.datagram(reply.encode()) } else { script.stream(octets) }
            }
            if round.isMultiple(of: 20) { script.wait(0.5) }
        }
        script.wait(60)
        #expect(script.open.isEmpty && script.resolver.lookups.isEmpty && script.resolver.exchanges.isEmpty)
        #expect(script.waiting.values.allSatisfy { $0 == 0 })
    }

    // MARK: Bounds

    private func limits(_ change: (inout ResolverLimits) -> Void) -> ResolverLimits {
        var limits = ResolverLimits()
        change(&limits)
        return limits
    }

    @Test func `the same question is asked upstream once, and all are told`() throws {
        let script = try Script(allow: ["www.example.com"])
        for client in 1...5 as ClosedRange<UInt64> { try script.ask("WWW.example.com", client: client) }
        #expect(script.takeSent().count == 1)
        let told = try script.reply("www.example.com 9 A 93.184.216.34")
        #expect(told.split(separator: "\n").count == 5)
        #expect(script.takeEvents().count == 5)
    }

    @Test func `a repeat of a question that waits is answered once`() throws {
        let script = try Script(allow: ["www.example.com"])
        for _ in 0..<3 { try script.ask("www.example.com", client: 1, id: 7) }
        try script.ask("www.example.com", client: 1, id: 8)
        try script.ask("www.example.com", client: 2, id: 7)
        let told = try script.reply("www.example.com 9 A 93.184.216.34")
        #expect(told.split(separator: "\n").count == 3)
    }

    @Test func `a name takes a bounded number of questions`() throws {
        let script = try Script(allow: ["www.example.com"], limits: limits { $0.waitersPerLookup = 3 })
        for client in 1...3 as ClosedRange<UInt64> { #expect(try script.ask("www.example.com", client: client) == "") }
        #expect(try script.ask("www.example.com", client: 4) == "SERVFAIL [0 limit_reached]")
        #expect(script.takeEvents().last?.contains("too many questions wait for this name") == true)
    }

    @Test func `only so many names are looked up at a time`() throws {
        let script = try Script(allow: (0..<9).map { "n\($0).example.com" }, limits: limits { $0.lookups = 3 })
        for n in 0..<3 { #expect(try script.ask("n\(n).example.com") == "") }
        #expect(try script.ask("n3.example.com") == "SERVFAIL [0 limit_reached]")
        #expect(script.open.count == 3)
        try script.reply("n2.example.com 9 A 93.184.216.34")
        #expect(try script.ask("n3.example.com") == "")
    }

    @Test func `an answer that cannot be pinned is not told`() throws {
        let script = try Script(allow: ["www.example.com", "two.example.com"], limits: limits { $0.pins.pins = 2 })
        try script.ask("www.example.com")
        try script.reply("www.example.com 9 A 93.184.216.34")
        try script.ask("two.example.com")
        let told = try script.reply("two.example.com 9 A 93.184.216.34; two.example.com 9 A 93.184.216.35")
        #expect(told == "SERVFAIL [0 limit_reached]")
        #expect(try !script.isPinned("93.184.216.34", "two.example.com"))
        // Nor from the cache.
        #expect(try script.ask("two.example.com") == "")
    }

    @Test func `a full cache asks again, and forgets what expired`() throws {
        let script = try Script(allow: [".example.com"], limits: limits { $0.cachedAnswers = 2 })
        for n in 0..<3 {
            try script.ask("n\(n).example.com")
            try script.reply("n\(n).example.com 9 A 93.184.216.34")
        }
        #expect(try script.ask("n0.example.com").hasPrefix("NOERROR"))
        #expect(try script.ask("n2.example.com") == "")
        script.wait(9)
        #expect(script.resolver.cache.count == 0)
    }

    @Test func `a worker that goes away is forgotten`() throws {
        let script = try Script(allow: ["www.example.com"])
        try script.ask("www.example.com", client: 1)
        try script.ask("www.example.com", client: 2)
        script.resolver.forget(Resolver.ClientID(1))
        #expect(try script.reply("www.example.com 9 A 93.184.216.34").split(separator: "\n").count == 1)
        #expect(script.waiting[Resolver.ClientID(2)] == 0)
    }

    // MARK: Names as a channel

    @Test func `a wildcard rule lets a bounded number of new names out in a minute`() throws {
        let script = try Script(
            allow: ["*.example.com", "exact.example.org"],
            limits: limits { $0.wildcardNames = 5 }
        )
        for n in 0..<5 {
            try script.ask("n\(n).example.com")
            try script.reply("n\(n).example.com 0 A 93.184.216.34")
        }
        #expect(try script.ask("n5.example.com") == "REFUSED [0 limit_reached]")
        #expect(script.takeEvents().last?.contains("more new names under one wildcard rule") == true)
        // Names that were asked before, and exact ones, are free.
        #expect(try script.ask("n0.example.com") == "")
        #expect(try script.ask("n0.example.com", .aaaa) == "")
        #expect(try script.ask("exact.example.org") == "")
        script.wait(60)
        #expect(try script.ask("n5.example.com") == "")
    }

    @Test func `long names use the minute up sooner`() throws {
        let script = try Script(allow: [".example.com"])
        let label = String(repeating: "x", count: 63)
        var sent = 0
        for n in 100..<999 {
            let told = try script.ask("\(label).\(label).\(n).example.com")
            guard told.isEmpty else {
                #expect(told == "REFUSED [0 limit_reached]")
                break
            }
            try script.reply("", .nameError)
            sent += 1
        }
        // 4,096 octets of 132 each: "63.63.3." before the 11 of the rule.
        #expect(sent == 4096 / 132)
    }

    @Test func `an exact rule beside a wildcard keeps its name free`() throws {
        let script = try Script(
            allow: [".example.com", "api.example.com"],
            limits: limits { $0.wildcardNames = 0 }
        )
        #expect(try script.ask("other.example.com") == "REFUSED [0 limit_reached]")
        #expect(try script.ask("api.example.com") == "")
        #expect(try script.ask("example.com") == "")
    }

    @Test func `a flood of denied names leaves nothing behind`() throws {
        let script = try Script(allow: ["www.example.com"])
        for n in 0..<5_000 { #expect(try script.ask("n\(n).evil.example", client: UInt64(n)).hasPrefix("NXDOMAIN")) }
        #expect(script.resolver.lookups.isEmpty && script.resolver.cache.count == 0 && script.takeSent() == [])
    }
}
