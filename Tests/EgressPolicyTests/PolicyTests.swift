// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

/// A policy of one-line rules.
func policy(_ allow: [String], deny: [String] = [], allowPrivate: Bool = false) throws -> Policy {
    try Policy(
        allow: allow.map { try Rule.parse($0) },
        deny: deny.map { try Rule.parse($0, for: .deny) },
        allowPrivate: allowPrivate
    )
}

@Suite struct PolicyNameTests {
    @Test(arguments: [
        ("example.com", Reason.allowed), ("EXAMPLE.com.", .allowed), ("www.example.com", .hostNotAllowlisted),
        ("zone.example", .allowed), ("a.zone.example", .allowed), ("a.b.zone.example", .allowed),
        ("evilzone.example", .hostNotAllowlisted), ("sub.example", .hostNotAllowlisted), ("a.sub.example", .allowed),
        ("bad.zone.example", .deniedByRule), ("x.bad.zone.example", .deniedByRule), ("half.zone.example", .allowed),
        ("tcp.zone.example", .allowed), ("both.zone.example", .deniedByRule),
        ("only.below.zone.example", .deniedByRule),
        ("below.zone.example", .allowed), ("example.com.evil.test", .hostNotAllowlisted), ("com", .hostNotAllowlisted),
        ("zone.example.com", .hostNotAllowlisted), ("example", .hostNotAllowlisted),
        ("notallowed.test", .hostNotAllowlisted),
        ("denied-only.test", .deniedByRule),
    ])
    func `a name is resolvable when a rule names it and none closes it whole`(name: String, reason: Reason) throws {
        let policy = try policy(
            ["example.com:443", ".zone.example", "*.sub.example:80/tcp"],
            deny: [
                ".bad.zone.example", "half.zone.example:443", "tcp.zone.example/tcp", "both.zone.example",
                "*.below.zone.example", "denied-only.test",
            ]
        )
        #expect(try policy.decide(name: Host(name)).reason == reason)
    }

    @Test func `the empty policy allows nothing`() throws {
        let policy = try policy([])
        let host = try Host("example.com")
        let address = try #require(IPAddress("93.184.216.34"))
        #expect(policy.decide(name: host).reason == .hostNotAllowlisted)
        #expect(policy.validate(answer: [address], for: host).reason == .hostNotAllowlisted)
        #expect(policy.decide(address: address, port: 443, protocol: .tcp, names: [host]).reason == .hostNotAllowlisted)
        #expect(policy.decide(address: address, port: 443, protocol: .tcp, names: []).reason == .addressNotPinned)
        #expect(policy.hostLoopbackTargets.isEmpty)
    }

    @Test func `names whose hashes agree are still told apart`() throws {
        // Found by trial: the same tag and place in the table for both.
        let policy = try policy(["h897.example"])
        #expect(try policy.decide(name: Host("h897.example")).isAllowed)
        #expect(try policy.decide(name: Host("h248185.example")).reason == .hostNotAllowlisted)
    }

    @Test func `the first matching rule is told`() throws {
        let policy = try policy(["a.example:80", ".example:443", "a.example:443"], deny: [".b.example", "b.example"])
        #expect(try policy.decide(name: Host("a.example")).rule?.description == "a.example:80")
        #expect(try policy.decide(name: Host("b.example")).rule?.description == ".b.example")
    }

    @Test(arguments: [
        ("cdn.test", true), ("tracker.test", false), ("x.tracker.test", false), ("half.test", false),
        ("other.test", true),
    ])
    func `an alias needs no rule, but any deny rule closes it`(name: String, isAllowed: Bool) throws {
        let policy = try policy(["a.example"], deny: [".tracker.test", "half.test:443"])
        #expect(try policy.decide(alias: Host(name)).isAllowed == isAllowed)
    }

    @Test func `loopback rules name the machine's own ports`() throws {
        let policy = try policy(["127.0.0.1:5432/tcp", "10.0.0.1:80", "[::ffff:127.0.0.2]:6379,6380", "[::1]:80"])
        let targets = policy.hostLoopbackTargets.map { "\($0.address) \($0.ports) \($0.protocols.rawValue)" }
        #expect(targets == ["127.0.0.1 5432 1", "127.0.0.2 6379-6380 3", "::1 80 3"])
    }
}

@Suite struct PolicyAnswerTests {
    static let allow = [
        "a.example:443", "p.example/private", "10.1.0.0/16:5432", "192.168.7.7:80", "169.254.169.254:80",
        "224.0.0.251:5353",
        "100.64.0.0/10",
    ]

    // CVE-2024-24806 and many others: an answer that mixes public and private addresses must not pass.
    @Test(
        arguments: [
            ("a.example", "93.184.216.34", .allowed), ("a.example", "93.184.216.34 2606:2800::1", .allowed),
            ("a.example", "", .emptyResolution), ("a.example", "93.184.216.34 10.0.0.1", .privateTargetBlocked),
            ("a.example", "10.0.0.1 93.184.216.34", .privateTargetBlocked), ("a.example", "10.1.2.3", .allowed),
            ("a.example", "::ffff:10.1.2.3", .allowed), ("a.example", "64:ff9b::10.1.2.3", .privateTargetBlocked),
            ("a.example", "64:ff9b::8.8.8.8", .privateTargetBlocked), ("a.example", "192.168.7.7", .allowed),
            ("a.example", "192.168.7.8", .privateTargetBlocked), ("a.example", "127.0.0.1", .privateTargetBlocked),
            ("a.example", "0.0.0.0", .privateTargetBlocked), ("a.example", "::", .privateTargetBlocked),
            ("a.example", "169.254.169.254", .allowed), ("a.example", "169.254.170.2", .metadataBlocked),
            ("a.example", "100.64.1.1", .allowed), ("a.example", "100.100.100.200", .metadataBlocked),
            ("a.example", "64:ff9b::169.254.169.254", .metadataBlocked), ("a.example", "224.0.0.251", .allowed),
            ("a.example", "224.0.0.1", .privateTargetBlocked), ("a.example", "198.51.100.66", .deniedByRule),
            ("a.example", "::ffff:198.51.100.66", .deniedByRule),
            ("a.example", "64:ff9b::198.51.100.66", .deniedByRule),
            ("a.example", "8.8.4.4", .allowed), ("p.example", "10.0.0.1", .allowed),
            ("p.example", "127.0.0.1", .allowed),
            ("p.example", "169.254.170.2", .metadataBlocked), ("p.example", "0.0.0.0", .privateTargetBlocked),
            ("p.example", "fe80::1", .privateTargetBlocked), ("p.example", "169.254.1.1", .allowed),
            ("p.example", "255.255.255.255", .privateTargetBlocked), ("p.example", "fd00:ec2::254", .metadataBlocked),
            ("x.example", "93.184.216.34", .hostNotAllowlisted), ("x.example", "", .hostNotAllowlisted),
        ] as [(String, String, Reason)]
    )
    func `one bad address voids an answer`(name: String, answer: String, reason: Reason) throws {
        let policy = try policy(Self.allow, deny: ["198.51.100.64/28", "8.8.4.4:53"])
        let addresses = try answer.split(separator: " ").map { try #require(IPAddress($0)) }
        #expect(try policy.validate(answer: addresses, for: Host(name)).reason == reason)
    }

    @Test(arguments: [
        ("10.0.0.1", Reason.allowed), ("fd12::1", .allowed), ("127.0.0.1", .allowed), ("2002:a00:1::", .allowed),
        ("169.254.169.254", .metadataBlocked), ("64:ff9b::a9fe:a9fe", .metadataBlocked),
        ("ff02::1", .privateTargetBlocked),
        ("fe80::1", .privateTargetBlocked),
    ])
    func `the run's consent to private space opens no metadata and no multicast`(address: String, reason: Reason) throws
    {
        let policy = try policy(["a.example"], allowPrivate: true)
        let answer = [try #require(IPAddress(address))]
        #expect(try policy.validate(answer: answer, for: Host("a.example")).reason == reason)
    }
}
