// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@testable import EgressDNS

@Suite struct ResolverPolicyTests {
    @Test func `an allowed name is asked upstream, pinned and told`() throws {
        let script = try Script(allow: ["api.example.com:443"])
        #expect(try script.ask("api.example.com") == "")
        #expect(script.takeSent() == ["192.0.2.53 udp api.example.com A"])
        let told = try script.reply("api.example.com 30 A 93.184.216.34; api.example.com 40 A 93.184.216.35")
        #expect(told == "NOERROR api.example.com 30 A 93.184.216.34; api.example.com 30 A 93.184.216.35")
        #expect(try script.isPinned("93.184.216.34", "api.example.com"))
        #expect(
            script.takeEvents() == [
                "allowed api.example.com A from upstream: 93.184.216.34,93.184.216.35 by api.example.com:443"
            ]
        )
        #expect(script.open.isEmpty && script.resolver.nextDeadline == nil)
    }

    @Test(
        arguments: [
            (RecordType.a, "evil.example"), (.aaaa, "evil.example"), (.txt, "evil.example"), (.https, "evil.example"),
            (.any, "evil.example"), (.a, "example.com"), (.a, "xapi.example.com"), (.a, "api.example.com.evil.example"),
            (.a, "api.example.comx"), (.ptr, "34.216.184.93.in-addr.arpa"), (.a, "com"), (.ns, "."),
            (.a, "93.184.216.34"),
        ]
    )
    func `a name without a rule does not exist and is never asked upstream`(_ type: RecordType, _ name: String) throws {
        let script = try Script(allow: ["api.example.com"])
        #expect(try script.ask(name, type) == "NXDOMAIN [15 host_not_allowlisted]")
        #expect(script.takeSent() == [])
        #expect(script.takeEvents() == ["host_not_allowlisted \(name) \(type) from policy: denied"])
    }

    @Test func `a denied name is filtered, with the rule that says so`() throws {
        let script = try Script(allow: [".example.com"], deny: [".telemetry.example.com"])
        #expect(try script.ask("a.telemetry.example.com") == "NXDOMAIN [17 denied_by_rule]")
        #expect(script.takeSent() == [])
        let event = "denied_by_rule a.telemetry.example.com A from policy: denied by .telemetry.example.com"
        #expect(script.takeEvents() == [event])
    }

    @Test func `an address in a form of its own is told apart`() throws {
        let script = try Script(allow: ["api.example.com"])
        for name in ["0177.0.0.1", "0x7f.1", "2130706433"] {
            #expect(try script.ask(name) == "NXDOMAIN [15 non_canonical_address]")
        }
    }

    @Test func `octets that no host has are denied and printed safely`() throws {
        let script = try Script(allow: [".example.com"])
        #expect(try script.ask("\u{1b}[31m.example.com") == "NXDOMAIN [15 host_not_allowlisted]")
        #expect(script.takeEvents() == [#"host_not_allowlisted \027[31m.example.com A from policy: denied"#])
    }

    @Test func `the reason is told only to those who can read it`() throws {
        // RFC 6891, section 7: no OPT in the response to a query without one.
        let script = try Script(allow: ["api.example.com"])
        #expect(try script.ask("evil.example", edns: nil) == "NXDOMAIN")
        #expect(script.last.edns == nil)
    }

    @Test(
        arguments: [
            ("localhost", RecordType.a, "NOERROR localhost 60 A 127.0.0.1"),
            ("LOCALHOST.", .aaaa, "NOERROR LOCALHOST 60 AAAA ::1"),
            ("db.localhost", .a, "NOERROR db.localhost 60 A 127.0.0.1"),
            ("localhost", .https, "NOERROR"),
            ("builder", .a, "NOERROR builder 60 A 127.0.0.1"),
            ("localhost.example.com", .a, "NXDOMAIN [15 host_not_allowlisted]"),
            ("notlocalhost", .a, "NXDOMAIN [15 host_not_allowlisted]"),
        ]
    )
    func `localhost is the worker's own`(_ name: String, _ type: RecordType, _ told: String) throws {
        // RFC 6761, section 6.3.
        let script = try Script(allow: [], localNames: ["builder"])
        #expect(try script.ask(name, type) == told)
        #expect(script.takeSent() == [] && script.resolver.pins.count == 0)
    }

    @Test func `a rule for the own name of the machine counts more`() throws {
        let script = try Script(allow: ["ci.example.com"], deny: ["denied"], localNames: ["ci.example.com", "denied"])
        #expect(try script.ask("ci.example.com") == "")
        #expect(try script.ask("denied") == "NXDOMAIN [17 denied_by_rule]")
    }

    @Test(arguments: [RecordType.https, .svcb])
    func `SVCB and HTTPS of an allowed name are empty`(_ type: RecordType) throws {
        let script = try Script(allow: ["api.example.com"], extraTypes: [.https, .svcb])
        #expect(try script.ask("api.example.com", type) == "NOERROR")
        #expect(script.takeSent() == [])
    }

    @Test(arguments: [RecordType.txt, .mx, .srv, .ns, .soa, .cname, .null, .any, .axfr, .ixfr, .ptr, .opt, .naptr])
    func `other types of an allowed name are refused`(_ type: RecordType) throws {
        let script = try Script(allow: ["api.example.com"], extraTypes: [.any, .axfr, .ixfr, .opt])
        #expect(try script.ask("api.example.com", type) == "REFUSED [21 record_type_not_allowed]")
        #expect(script.takeSent() == [])
        let event = "record_type_not_allowed api.example.com \(type) from policy: denied by api.example.com"
        #expect(script.takeEvents() == [event])
    }

    @Test func `a type that the policy names is passed on`() throws {
        let script = try Script(allow: ["api.example.com"], extraTypes: [.txt])
        #expect(try script.ask("api.example.com", .txt) == "")
        #expect(script.takeSent() == ["192.0.2.53 udp api.example.com TXT"])
        let told = try script.reply("api.example.com 300 TXT hello; evil.example 300 TXT other")
        #expect(told == "NOERROR api.example.com 60 TXT hello")
        #expect(script.takeEvents() == ["allowed api.example.com TXT from upstream: 1 records by api.example.com"])
        #expect(try script.ask("evil.example", .txt) == "NXDOMAIN [15 host_not_allowlisted]")
        // Such data may be large, and is not kept.
        #expect(try script.ask("api.example.com", .txt) == "")
    }

    @Test func `another class is refused`() throws {
        // `dig version.bind chaos txt`.
        let script = try Script(allow: ["api.example.com"])
        var query = DNSMessage(id: 1)
        query.questions = [Question(name: try DNSName("api.example.com"), type: .a, recordClass: 3)]
        #expect(script.say(query.encode()) == "REFUSED")
        #expect(script.takeSent() == [])
    }

    @Test func `the worker's spelling comes back and goes nowhere`() throws {
        // draft-vixie-dnsext-dns0x20: resolvers check it. Upstream it would be a channel.
        let script = try Script(allow: ["api.example.com"])
        try script.ask("aPi.ExAmPlE.cOm")
        #expect(script.takeSent() == ["192.0.2.53 udp api.example.com A"])
        // What goes upstream is drawn, and by the same draw the same for every spelling.
        let other = try Script(allow: ["api.example.com"])
        try other.ask("api.example.com")
        let sent = try [script, other].map { try #require($0.open.last).query.questions[0].name.wire }
        #expect(sent[0] == sent[1])
        #expect(try script.reply("api.example.com 30 A 93.184.216.34") == "NOERROR aPi.ExAmPlE.cOm 30 A 93.184.216.34")
        #expect(script.last.questions.map(\.name.description) == ["aPi.ExAmPlE.cOm"])
    }

    @Test func `nothing of the worker's message but the name and type goes upstream`() throws {
        let script = try Script(allow: ["api.example.com"])
        let cookie = EDNS.Option(code: 10, data: Array("secret!!".utf8))
        try script.ask("api.example.com", edns: EDNS(payloadSize: 4096, wantsSecurity: true, options: [cookie]))
        let query = try #require(script.open.last?.query)
        let ours = try #require(query.edns?.options.first.flatMap { Cookie($0) })
        #expect(ours.client != cookie.data && ours.server.isEmpty)
        let question = Question(name: try DNSName("api.example.com"), type: .a)
        #expect(query == DNSMessage(id: query.id, asking: question, edns: EDNS(options: [ours.option])))
        try script.reply("api.example.com 30 A 93.184.216.34")
        // RFC 3225, section 3: DO comes back.
        #expect(script.last.edns == EDNS(wantsSecurity: true))
    }

    @Test(
        arguments: [
            ("api.example.com", RecordType.a, "NOERROR api.example.com 60 A 93.184.216.10"),
            ("api.example.com", .aaaa, "NOERROR api.example.com 60 AAAA 2606:2800:220:1::10"),
            ("v4.example.com", .aaaa, "NOERROR"),
            ("inside.example.com", .a, "NXDOMAIN [15 private_target_blocked]"),
            ("consent.example.com", .a, "NOERROR consent.example.com 60 A 10.0.0.5"),
            ("blocked.example.com", .a, "NXDOMAIN [15 private_target_blocked]"),
            // One bad address voids the name for both families.
            ("mixed.example.com", .a, "NXDOMAIN [15 private_target_blocked]"),
            ("other.example", .a, "NXDOMAIN [15 host_not_allowlisted]"),
        ]
    )
    func `the hosts file counts for allowed names`(_ name: String, _ type: RecordType, _ told: String) throws {
        let script = try Script(
            allow: ["*.example.com", "consent.example.com/private"],
            hosts: """
                93.184.216.10 api.example.com v4.example.com mixed.example.com
                2606:2800:220:1::10 api.example.com
                10.0.0.5 inside.example.com consent.example.com other.example
                0.0.0.0 blocked.example.com
                fd00::5 mixed.example.com
                """
        )
        #expect(try script.ask(name, type) == told)
        #expect(script.takeSent() == [])
    }
}
