// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@testable import EgressDNS

@Suite struct ResolverAnswerTests {
    /// What a server says about `www.example.com A`, and what the worker is told of it.
    static let answers: [(String, String)] = [
        ("www.example.com 300 A 93.184.216.34", "NOERROR www.example.com 60 A 93.184.216.34"),
        ("www.example.com 0 A 93.184.216.34", "NOERROR www.example.com 0 A 93.184.216.34"),
        // Rebinding at its simplest, and with a decoy (one bad address voids the answer).
        ("www.example.com 1 A 127.0.0.1", "NXDOMAIN [15 private_target_blocked]"),
        ("www.example.com 1 A 93.184.216.34; www.example.com 1 A 10.0.0.1", "NXDOMAIN [15 private_target_blocked]"),
        ("www.example.com 1 A 10.0.0.1; www.example.com 1 A 93.184.216.34", "NXDOMAIN [15 private_target_blocked]"),
        ("www.example.com 1 A 169.254.169.254", "NXDOMAIN [15 metadata_blocked]"),
        ("www.example.com 1 A 0.0.0.0", "NXDOMAIN [15 private_target_blocked]"),
        ("www.example.com 1 A 203.0.113.9", "NXDOMAIN [15 private_target_blocked]"),
        // A deny rule on the address.
        ("www.example.com 1 A 93.184.99.1", "NXDOMAIN [17 denied_by_rule]"),
        // Aliases need no rule, unless a deny rule has them.
        (
            "www.example.com 9 CNAME cdn.example.net; cdn.example.net 9 A 93.184.216.34",
            "NOERROR www.example.com 9 CNAME cdn.example.net; cdn.example.net 9 A 93.184.216.34"
        ),
        (
            "www.example.com 9 CNAME x.tracker.example; x.tracker.example 9 A 93.184.216.34",
            "NXDOMAIN [17 denied_by_rule]"
        ),
        (
            "www.example.com 9 CNAME x.tracker.example; x.tracker.example 9 CNAME cdn.example.net; cdn.example.net 9 A 93.184.216.34",
            "NXDOMAIN [17 denied_by_rule]"
        ),
        ("www.example.com 9 CNAME x.tracker.example -- tracker.example 9 SOA 9", "NXDOMAIN [17 denied_by_rule]"),
        // CNAME to a private name.
        (
            "www.example.com 9 CNAME db.internal; db.internal 9 A 10.1.2.3", "NXDOMAIN [15 private_target_blocked]"
        ),
        // An alias that no rule could name.
        (
            #"www.example.com 9 CNAME a*b.example; a*b.example 9 A 93.184.216.34"#,
            "SERVFAIL [0 dns_resolution_failed]"
        ),
        // Other names and the rest of the message are not passed on.
        (
            "www.example.com 9 A 93.184.216.34; evil.example 9 A 93.184.216.66 -- evil.example 9 NS ns.evil.example",
            "NOERROR www.example.com 9 A 93.184.216.34"
        ),
        // Nothing there: no SOA is passed on, so that nobody in the worker keeps it.
        ("-- example.com 900 SOA 60", "NOERROR"),
        (
            "www.example.com 9 CNAME cdn.example.net -- example.net 900 SOA 60",
            "NOERROR www.example.com 9 CNAME cdn.example.net"
        ),
    ]

    @Test(arguments: answers.indices)
    func `an answer is checked whole`(_ row: Int) throws {
        let (reply, told) = Self.answers[row]
        let script = try Script(allow: ["www.example.com"], deny: [".tracker.example", "93.184.99.0/24"])
        try script.ask("www.example.com")
        #expect(try script.reply(reply) == told, "\(reply)")
        // Only what was told is pinned.
        #expect((script.resolver.pins.count > 0) == told.contains(" A "))
        #expect(script.open.isEmpty && script.resolver.lookups.isEmpty && script.resolver.exchanges.isEmpty)
    }

    /// Every way to write an IPv4 address into an IPv6 one (design, section 6).
    @Test(
        arguments: [
            "::ffff:10.0.0.1", "::10.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::10.0.0.1", "2002:a00:1::1",
            "2001:0:a00:1::1", "::1", "::", "fe80::1", "fd00:ec2::254", "ff02::1",
        ]
    )
    func `an IPv6 address that is not global is not told`(_ address: String) throws {
        let script = try Script(allow: ["www.example.com"])
        try script.ask("www.example.com", .aaaa)
        let told = try script.reply("www.example.com 9 AAAA \(address)")
        #expect(told.hasPrefix("NXDOMAIN [15 "))
        #expect(script.resolver.pins.count == 0)
    }

    @Test func `a denied answer says which address and alias`() throws {
        let script = try Script(allow: ["www.example.com"], deny: ["tracker.example"])
        try script.ask("www.example.com")
        try script.reply("www.example.com 1 A 93.184.216.34; www.example.com 1 A 10.0.0.1")
        try script.ask("www.example.com")
        try script.reply("www.example.com 1 CNAME tracker.example")
        #expect(
            script.takeEvents() == [
                "private_target_blocked www.example.com A from upstream: denied (address 10.0.0.1)",
                "denied_by_rule www.example.com A from upstream: denied by tracker.example (alias 'tracker.example')",
            ]
        )
    }

    @Test(
        arguments: [
            (["db.example.com/private"], false, "NOERROR db.example.com 9 A 10.1.2.3"),
            (["db.example.com"], true, "NOERROR db.example.com 9 A 10.1.2.3"),
            (["db.example.com", "10.1.0.0/16"], false, "NOERROR db.example.com 9 A 10.1.2.3"),
            (["db.example.com", "other.example.com/private"], false, "NXDOMAIN [15 private_target_blocked]"),
        ]
    )
    func `a private address needs consent`(_ allow: [String], _ allowPrivate: Bool, _ told: String) throws {
        let script = try Script(allow: allow, allowPrivate: allowPrivate)
        try script.ask("db.example.com")
        #expect(try script.reply("db.example.com 9 A 10.1.2.3") == told)
    }

    @Test func `metadata stays blocked whatever consents to private space`() throws {
        let script = try Script(allow: ["db.example.com/private"], allowPrivate: true)
        try script.ask("db.example.com")
        #expect(try script.reply("db.example.com 9 A 169.254.169.254") == "NXDOMAIN [15 metadata_blocked]")
    }

    @Test func `a name that moves to a private address is denied from then on`() throws {
        // DNS rebinding: public at first with lifetime 0, private a moment later.
        let script = try Script(allow: ["rebind.example.com"])
        try script.ask("rebind.example.com")
        let told = try script.reply("rebind.example.com 0 A 93.184.216.34")
        #expect(told == "NOERROR rebind.example.com 0 A 93.184.216.34")
        #expect(try script.ask("rebind.example.com") == "")
        #expect(try script.reply("rebind.example.com 0 A 127.0.0.1") == "NXDOMAIN [15 private_target_blocked]")
        // The first address was fine and is still the only one.
        #expect(try script.isPinned("93.184.216.34", "rebind.example.com"))
        #expect(try !script.isPinned("127.0.0.1", "rebind.example.com"))
        script.wait(36)
        #expect(try !script.isPinned("93.184.216.34", "rebind.example.com"))
    }

    @Test func `a pin outlives the lifetime that was told by the grace`() throws {
        let script = try Script(allow: ["www.example.com"])
        try script.ask("www.example.com")
        try script.reply("www.example.com 86400 A 93.184.216.34")
        script.wait(60 + 29)
        #expect(try script.isPinned("93.184.216.34", "www.example.com"))
        script.wait(1)
        #expect(try !script.isPinned("93.184.216.34", "www.example.com"))
        #expect(script.resolver.pins.count == 0)
    }

    @Test func `both families are questions of their own`() throws {
        let script = try Script(allow: ["www.example.com"])
        try script.ask("www.example.com", .a)
        let first = try #require(script.open.last)
        try script.ask("www.example.com", .aaaa)
        #expect(script.takeSent() == ["192.0.2.53 udp www.example.com A", "192.0.2.53 udp www.example.com AAAA"])
        let told = try script.reply("www.example.com 9 AAAA 2606:2800:220:1::34")
        #expect(told == "NOERROR www.example.com 9 AAAA 2606:2800:220:1::34")
        #expect(script.open.map(\.id) == [first.id])
        // IPv6 may be private while IPv4 is not.
        #expect(try script.reply("www.example.com 9 A 10.0.0.1") == "NXDOMAIN [15 private_target_blocked]")
        #expect(try script.isPinned("2606:2800:220:1::34", "www.example.com"))
    }

    @Test func `aliases that a response leaves open are followed`() throws {
        let script = try Script(allow: ["www.example.com"])
        try script.ask("www.example.com")
        #expect(try script.reply("www.example.com 50 CNAME a.example.net") == "")
        #expect(try script.reply("a.example.net 40 CNAME b.example.net; b.example.net 30 CNAME c.example.net") == "")
        let told = try script.reply("c.example.net 300 A 93.184.216.34")
        #expect(
            told == "NOERROR www.example.com 30 CNAME a.example.net; a.example.net 30 CNAME b.example.net; "
                + "b.example.net 30 CNAME c.example.net; c.example.net 30 A 93.184.216.34"
        )
        #expect(
            script.takeSent() == ["www.example.com", "a.example.net", "c.example.net"].map { "192.0.2.53 udp \($0) A" }
        )
        // The pin is the asked name's: the alias is not allowed by itself.
        #expect(try script.isPinned("93.184.216.34", "www.example.com"))
        #expect(try !script.isPinned("93.184.216.34", "c.example.net"))
        #expect(try script.ask("c.example.net") == "NXDOMAIN [15 host_not_allowlisted]")
    }

    @Test func `a denied alias is not asked about`() throws {
        let script = try Script(allow: ["www.example.com"], deny: ["a.example.net"])
        try script.ask("www.example.com")
        #expect(try script.reply("www.example.com 50 CNAME a.example.net") == "NXDOMAIN [17 denied_by_rule]")
        #expect(script.takeSent() == ["192.0.2.53 udp www.example.com A"])
    }

    @Test func `a circle over several responses ends`() throws {
        let script = try Script(allow: ["www.example.com"])
        try script.ask("www.example.com")
        try script.reply("www.example.com 50 CNAME a.example.net")
        try script.reply("a.example.net 50 CNAME www.example.com")
        try script.reply("a.example.net 50 CNAME b.example.net")
        try script.reply("b.example.net 50 CNAME a.example.net")
        let told = try script.reply("b.example.net 50 CNAME a.example.net")
        #expect(told == "SERVFAIL [22 dns_resolution_failed]")
        #expect(script.takeSent().count == 5)
        #expect(script.takeEvents()[0].contains("aliases lead in a circle or too far"))
    }

    @Test func `endless aliases end`() throws {
        let script = try Script(allow: ["www.example.com"])
        try script.ask("www.example.com")
        var owner = "www.example.com"
        var told = ""
        var questions = 0
        while told.isEmpty, questions < 100 {
            let current = try #require(script.open.last?.query.questions.first?.name.description)
            if current != owner { owner = current }
            let next = "n\(questions).example.net"
            told = try script.reply("\(owner) 50 CNAME \(next)")
            owner = next
            questions += 1
        }
        #expect(told == "SERVFAIL [22 dns_resolution_failed]")
        #expect(questions <= 16 + 2)
    }

    @Test func `an answer is told again while it lives, with what is left of it`() throws {
        let script = try Script(allow: ["www.example.com"])
        try script.ask("www.example.com")
        try script.reply("www.example.com 40 A 93.184.216.34")
        script.wait(10.5)
        #expect(try script.ask("www.example.com") == "NOERROR www.example.com 29 A 93.184.216.34")
        #expect(try script.ask("www.example.com", .aaaa) == "")
        script.wait(29)
        #expect(script.takeEvents().last?.contains("failed") == true)
        #expect(try script.ask("www.example.com") == "NOERROR www.example.com 0 A 93.184.216.34")
        script.wait(1)
        #expect(try script.ask("www.example.com") == "")
    }

    @Test func `an absence is kept for a short time`() throws {
        let script = try Script(allow: ["www.example.com"])
        try script.ask("www.example.com")
        #expect(try script.reply("-- example.com 900 SOA 900", .nameError) == "NXDOMAIN")
        #expect(try script.ask("www.example.com") == "NXDOMAIN")
        #expect(
            script.takeEvents() == [
                "allowed www.example.com A from upstream: no such name by www.example.com",
                "allowed www.example.com A from cache: no such name by www.example.com",
            ]
        )
        script.wait(10)
        #expect(try script.ask("www.example.com") == "")
    }

    @Test func `more addresses than fit are checked, the first are told`() throws {
        let script = try Script(allow: ["www.example.com"])
        try script.ask("www.example.com")
        let many = (1...70).map { "www.example.com 9 A 93.184.216.\($0)" }
        try script.reply(many.joined(separator: ";"))
        #expect(script.last.answers.count == 64 && script.resolver.pins.count == 64)
        script.wait(10)
        try script.ask("www.example.com")
        let told = try script.reply((many + ["www.example.com 9 A 10.0.0.1"]).joined(separator: ";"))
        #expect(told == "NXDOMAIN [15 private_target_blocked]")
    }

    @Test func `an answer that is too long for a datagram is cut and comes whole over TCP`() throws {
        let script = try Script(allow: ["www.example.com"])
        try script.ask("www.example.com", edns: nil)
        let many = (1...64).map { "www.example.com 9 A 93.184.216.\($0)" }
        #expect(try script.reply(many.joined(separator: ";")).hasPrefix("NOERROR TC "))
        #expect(script.last.encode().count <= 512)
        try script.ask("www.example.com", edns: nil, transport: .tcp)
        #expect(script.last.answers.count == 64 && !script.last.isTruncated)
        // RFC 6891, section 6.2.5: the size that the worker offers counts, up to ours.
        try script.ask("www.example.com", edns: EDNS(payloadSize: 600))
        #expect(script.last.isTruncated && script.last.encode().count <= 600)
        try script.ask("www.example.com", edns: EDNS(payloadSize: 65_535))
        #expect(script.last.encode().count <= 1232)
        try script.ask("www.example.com", edns: EDNS(payloadSize: 0))
        #expect(script.last.encode().count <= 512)
    }
}
