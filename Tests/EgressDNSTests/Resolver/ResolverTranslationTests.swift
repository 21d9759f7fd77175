// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@testable import EgressDNS

/// A network that translates IPv6 addresses to IPv4 under a prefix of its own (RFC 7050, RFC 6052).
@Suite struct ResolverTranslationTests {
    private let asked = "192.0.2.53 udp ipv4only.arpa AAAA"
    private let name = "www.example.com"
    private let arpa = "ipv4only.arpa"
    private let prefix =
        "ipv4only.arpa 600 AAAA 2606:4700:64::192.0.0.170; ipv4only.arpa 600 AAAA 2606:4700:64::192.0.0.171"
    private let translatedPrivate = "www.example.com 30 AAAA 2606:4700:64::10.0.0.5"
    private let translatedPublic = "www.example.com 30 AAAA 2606:4700:64::93.184.216.34"
    private let good = "NOERROR www.example.com 30 AAAA 2606:4700:64::5db8:d822"
    private let blocked = "NXDOMAIN [15 private_target_blocked]"
    private let unknown = "NOERROR [22 dns_resolution_failed]"

    private func script(_ servers: [String] = ["192.0.2.53"], deny: [String] = [], reachesIPv6: Bool = true) throws
        -> Script
    {
        try Script(
            allow: ["www.example.com", "two.example.com"],
            deny: deny,
            servers: servers,
            hosts: "2606:4700:64::10.0.0.7 two.example.com",
            reachesIPv6: reachesIPv6
        )
    }

    @Test func `with the first AAAA the server is asked for the prefixes, and an address waits for that`() throws {
        let script = try script()
        #expect(try script.ask(name, .aaaa) == "")
        #expect(script.takeSent() == [asked, "192.0.2.53 udp www.example.com AAAA"])
        #expect(try script.reply(translatedPublic, to: name) == "")
        #expect(script.open.count == 1)
        #expect(try script.reply(prefix, to: arpa) == good)
        #expect(script.resolver.policy.translationPrefixes.map(\.description) == ["2606:4700:64::/96"])
        #expect(script.resolver.lookups.isEmpty && script.open.isEmpty)
        // Once, and not for every name.
        script.wait(31)
        _ = script.takeSent()
        try script.ask(name, .aaaa)
        #expect(script.takeSent() == ["192.0.2.53 udp www.example.com AAAA"])
        #expect(try script.reply(translatedPublic) == good)
    }

    @Test(arguments: [true, false])
    func `an address that stands for a private one is denied, whichever answer is first`(_ isLate: Bool) throws {
        let script = try script()
        try script.ask(name, .aaaa)
        if isLate {
            #expect(try script.reply(translatedPrivate, to: name) == "")
            #expect(try script.reply(prefix, to: arpa) == blocked)
        } else {
            #expect(try script.reply(prefix, to: arpa) == "")
            #expect(try script.reply(translatedPrivate, to: name) == blocked)
        }
        #expect(script.resolver.pins.count == 0)
        let detail = "address 2606:4700:64::a00:5, which stands for 10.0.0.5"
        #expect(
            script.takeEvents() == ["private_target_blocked www.example.com AAAA from upstream: denied (\(detail))"]
        )
    }

    @Test func `without the prefix the same address passes`() throws {
        let script = try script()
        try script.ask(name, .aaaa)
        try script.reply("", .nameError, to: arpa)
        #expect(try script.reply(translatedPrivate, to: name) == "NOERROR www.example.com 30 AAAA 2606:4700:64::a00:5")
    }

    @Test(
        arguments: [
            ("2606:4700:c000:aa::", "2606:4700:a9fe:a9fe::"), ("2606:4700:1c0:0:aa::", "2606:4700:1a9:fea9:fe::"),
            ("2606:4700:122:c000:0:aa00::", "2606:4700:122:a9fe:a9:fe00::"),
            ("2606:4700:122:3c0:0:aa::", "2606:4700:122:3a9:fe:a9fe::"),
            ("2606:4700:122:344:c0:0:aa00::", "2606:4700:122:344:a9:fea9:fe00::"),
            ("2606:4700:122:344::192.0.0.170", "2606:4700:122:344::169.254.169.254"),
        ]
    )
    func `a prefix of any length is recognised`(_ known: String, _ metadata: String) throws {
        let script = try script()
        try script.ask(name, .aaaa)
        try script.reply("ipv4only.arpa 600 AAAA \(known)", to: arpa)
        #expect(try script.reply("www.example.com 9 AAAA \(metadata)") == "NXDOMAIN [15 metadata_blocked]")
    }

    @Test func `a deny rule for IPv4 holds for what is translated to it`() throws {
        let script = try script(deny: ["93.184.216.0/24"])
        try script.ask(name, .aaaa)
        try script.reply(translatedPublic, to: name)
        #expect(try script.reply(prefix, to: arpa) == "NXDOMAIN [17 denied_by_rule]")
    }

    @Test(arguments: [
        (ResponseCode.nameError, ""), (.noError, ""), (.noError, "-- arpa 60 SOA 60"),
        (.noError, "ipv4only.arpa 9 CNAME a.example"),
    ])
    func `a server that knows no such address knows no prefix`(_ code: ResponseCode, _ records: String) throws {
        let script = try script()
        try script.ask(name, .aaaa)
        try script.reply(translatedPublic, to: name)
        #expect(try script.reply(records, code, to: arpa) == good)
        #expect(script.resolver.policy.translationPrefixes.isEmpty && script.resolver.lookups.isEmpty)
    }

    @Test(arguments: [ResponseCode.serverFailure, .refused, .notImplemented])
    func `a server that won't say knows no prefix`(_ code: ResponseCode) throws {
        let script = try script()
        try script.ask(name, .aaaa)
        try script.reply(translatedPublic, to: name)
        for _ in 0..<4 where script.resolver.lookups.count == 2 { try script.reply("", code, to: arpa) }
        #expect(script.resolver.lookups.isEmpty && script.last.text == good)
    }

    @Test(arguments: [ResponseCode.serverFailure, .formatError])
    func `a failure without the question, which needs no spelling, says nothing`(_ code: ResponseCode) throws {
        let script = try script()
        try script.ask(name, .aaaa)
        try script.reply(translatedPublic, to: name)
        for _ in 0..<4 where script.resolver.lookups.count == 2 {
            try script.reply("", code, to: arpa) { $0.questions = [] }
        }
        #expect(script.resolver.lookups.isEmpty && script.last.text == unknown)
    }

    @Test func `while a server is silent about it, its IPv6 addresses are not told`() throws {
        let script = try script()
        try script.ask(name, .aaaa)
        try script.reply(translatedPublic, to: name)
        #expect(script.wait(3.9) == "")
        #expect(script.wait(0.1) == unknown)
        #expect(script.resolver.pins.count == 0)
        #expect(script.takeEvents().last?.contains("no answer for ipv4only.arpa") == true)
        // For a while at once, then it is asked again. IPv4 does not wait.
        _ = script.takeSent()
        try script.ask(name, .aaaa)
        #expect(script.takeSent() == ["192.0.2.53 udp www.example.com AAAA"])
        #expect(try script.reply(translatedPublic) == unknown)
        try script.ask(name, .a)
        #expect(try script.reply("www.example.com 30 A 93.184.216.34") != "")
        script.wait(10)
        _ = script.takeSent()
        try script.ask(name, .aaaa)
        #expect(script.takeSent().first == asked)
        try script.reply(prefix, to: arpa)
        #expect(try script.reply(translatedPublic) == good)
    }

    @Test func `a silence is waited out no longer than the look-up may take`() throws {
        let script = try script()
        try script.ask(name, .aaaa)
        script.wait(3.5)
        try script.reply(translatedPublic, to: name)
        #expect(script.wait(0.5) == unknown)
        #expect(script.wait(60) == "" && script.resolver.lookups.isEmpty && script.resolver.nextDeadline == nil)
    }

    @Test func `answers without an address wait for nothing`() throws {
        let script = try script()
        try script.ask(name, .aaaa)
        #expect(try script.reply("-- example.com 900 SOA 60", to: name) == "NOERROR")
        try script.ask("missing.\(name)", .aaaa)
        #expect(script.open.count == 1)
    }

    @Test func `IPv4 alone asks nobody`() throws {
        let script = try script()
        try script.ask(name, .a)
        #expect(script.takeSent() == ["192.0.2.53 udp www.example.com A"])
        #expect(try script.reply("www.example.com 30 A 93.184.216.34") != "")
        let dead = try self.script(reachesIPv6: false)
        try dead.ask(name, .aaaa)
        #expect(dead.takeSent() == ["192.0.2.53 udp www.example.com AAAA"])
        #expect(try dead.reply(translatedPublic) == good)
    }

    @Test(arguments: [("2606::/16", true), ("10.0.0.0/8", false), ("[2606::1]", false), ("www.example.com", false)])
    func `a rule for a block of IPv6 addresses asks before any name is asked for`(_ rule: String, _ isAsked: Bool)
        throws
    {
        let script = try Script(allow: [rule], reachesIPv6: true)
        #expect(script.prepare() == "")
        #expect(script.takeSent() == (isAsked ? [asked] : []))
        if isAsked { try script.reply(prefix) }
        #expect(script.resolver.policy.translationPrefixes.isEmpty != isAsked)
    }

    @Test func `every server is asked, and an answer waits for its own`() throws {
        let script = try script(["192.0.2.53", "192.0.2.54"])
        try script.ask(name, .aaaa)
        #expect(
            script.takeSent() == [asked, "192.0.2.54 udp ipv4only.arpa AAAA", "192.0.2.53 udp www.example.com AAAA"]
        )
        // The newest that asks for it is the second server's; it has a prefix of another server's network.
        try script.reply(translatedPrivate, to: name)
        #expect(try script.reply(prefix, to: arpa) == "")
        #expect(try script.reply("", .nameError, to: arpa) == blocked)
    }

    @Test func `the worker may ask for the name itself, by the policy`() throws {
        let script = try Script(allow: ["ipv4only.arpa"], reachesIPv6: true)
        try script.ask("ipv4only.arpa", .aaaa)
        #expect(script.open.count == 2)
        #expect(try script.reply(prefix) == "")
        #expect(try script.reply(prefix).hasPrefix("NXDOMAIN"))
        #expect(script.takeEvents().count == 1)
        let denied = try Script(allow: [name], reachesIPv6: true)
        #expect(try denied.ask("ipv4only.arpa", .aaaa) == "NXDOMAIN [15 host_not_allowlisted]")
        #expect(denied.takeSent() == [])
    }

    @Test func `more prefixes than are kept are no knowledge`() throws {
        let script = try script()
        try script.ask(name, .aaaa)
        try script.reply(translatedPublic, to: name)
        let many = (0..<40).map { "ipv4only.arpa 600 AAAA 2606:4700:\($0)::192.0.0.170" }
        #expect(try script.reply(many.joined(separator: "; "), to: arpa) == unknown)
        #expect(script.resolver.policy.translationPrefixes.isEmpty)
    }

    @Test func `what is learnt lasts as long as it lives, and prefixes stay`() throws {
        let script = try script()
        try script.ask(name, .aaaa)
        try script.reply(prefix, to: arpa)
        try script.reply(translatedPublic)
        script.wait(601)
        _ = script.takeSent()
        try script.ask(name, .aaaa)
        #expect(script.takeSent().first == asked)
        try script.reply("", .nameError, to: arpa)
        #expect(try script.reply(translatedPrivate) == blocked)
    }

    @Test func `what was answered before is judged anew`() throws {
        let script = try script()
        let hosts = "NOERROR two.example.com 60 AAAA 2606:4700:64::a00:7"
        #expect(try script.ask("two.example.com", .aaaa) == hosts)
        try script.ask(name, .aaaa)
        try script.reply(prefix, to: arpa)
        try script.reply(translatedPublic)
        #expect(try script.ask("two.example.com", .aaaa) == blocked)
        let address = try #require(IPAddress("2606:4700:64::10.0.0.7")), two = try Host("two.example.com")
        #expect(try script.isPinned("2606:4700:64::10.0.0.7", "two.example.com"))
        let verdict = script.resolver.policy.decide(address: address, port: 80, protocol: .tcp, names: [two])
        #expect(verdict.reason == .privateTargetBlocked)
    }
}
