// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@Suite struct PolicyGateTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let target: String
        let names: [String]
        let reason: Reason

        init(_ target: String, _ names: [String], _ reason: Reason) {
            self.target = target
            self.names = names
            self.reason = reason
        }

        var testDescription: String { "\(target) pinned to \(names): \(reason)" }
    }

    /// Takes `10.0.0.1:80/udp`, `tcp` when no transport is given.
    static func decide(_ policy: Policy, _ target: String, _ names: [String]) throws -> Verdict {
        let parts = target.split(separator: "/")
        let colon = try #require(parts[0].lastIndex(of: ":"))
        let address = parts[0][..<colon].filter { $0 != "[" && $0 != "]" }
        return try policy.decide(
            address: #require(IPAddress(address)),
            port: #require(UInt16(parts[0][colon...].dropFirst())),
            protocol: parts.count == 2 ? #require(TransportProtocol(rawValue: String(parts[1]))) : .tcp,
            names: names.map { try Host($0) }
        )
    }

    @Test(arguments: [
        // Names.
        Row("93.184.216.34:443", ["a.example"], .allowed), Row("93.184.216.34:80", ["a.example"], .portNotAllowed),
        Row("93.184.216.34:443/udp", ["a.example"], .allowed), Row("93.184.216.34:443", [], .addressNotPinned),
        Row("93.184.216.34:22", ["t.example"], .allowed),
        Row("93.184.216.34:22/udp", ["t.example"], .protocolNotAllowed),
        Row("93.184.216.34:23/udp", ["t.example"], .portNotAllowed), Row("93.184.216.34:1", ["any.example"], .allowed),
        Row("93.184.216.34:443", ["other.example"], .hostNotAllowlisted),
        Row("93.184.216.34:443", ["other.example", "a.example"], .allowed),
        Row("[2606:2800::1]:443", ["a.example"], .allowed), Row("[2606:2800::1]:443", [], .addressNotPinned),
        // Deny wins: by name, by any of several names, by address, by port.
        Row("93.184.216.34:443", ["half.any.example"], .deniedByRule),
        Row("93.184.216.34:80", ["half.any.example"], .allowed),
        Row("93.184.216.34:443", ["a.example", "half.any.example"], .deniedByRule),
        Row("93.184.216.34:443", ["a.example", "evil.test"], .deniedByRule),
        Row("198.51.100.66:443", ["any.example"], .deniedByRule), Row("203.0.113.5:25", [], .deniedByRule),
        Row("[::ffff:198.51.100.66]:443", ["any.example"], .deniedByRule),
        Row("[64:ff9b::198.51.100.66]:443", ["any.example"], .deniedByRule),
        // Literals and blocks need no name, and are consent for themselves on their own ports.
        Row("203.0.113.5:80", [], .allowed), Row("203.0.113.5:81", [], .portNotAllowed),
        Row("10.1.2.3:5432", [], .allowed),
        Row("[::ffff:10.1.2.3]:5432", [], .allowed), Row("10.1.2.3:5433", [], .portNotAllowed),
        Row("10.1.2.3:53/udp", [], .allowed), Row("10.1.2.3:53", [], .protocolNotAllowed),
        Row("10.2.0.1:5432", [], .privateTargetBlocked),
        Row("[64:ff9b::10.1.2.3]:5432", [], .privateTargetBlocked),
        Row("10.1.2.3:443", ["a.example"], .privateTargetBlocked),
        Row("10.9.9.9:443", ["a.example"], .privateTargetBlocked), Row("10.9.9.9:1", ["private.example"], .allowed),
        Row("10.9.9.9:443", ["a.example", "private.example"], .allowed),
        Row("10.9.9.9:8080", ["mixed.example"], .allowed),
        Row("10.9.9.9:443", ["mixed.example"], .privateTargetBlocked),
        Row("93.184.216.34:443", ["mixed.example"], .allowed),
        // What only the exact literal opens.
        Row("169.254.169.254:80", [], .allowed), Row("169.254.169.254:81", [], .portNotAllowed),
        Row("[::ffff:169.254.169.254]:80", [], .allowed), Row("[64:ff9b::169.254.169.254]:80", [], .metadataBlocked),
        Row("169.254.170.2:80", ["private.example"], .metadataBlocked), Row("100.100.100.200:80", [], .metadataBlocked),
        Row("100.64.0.1:80", [], .allowed), Row("224.0.0.251:5353/udp", [], .allowed),
        Row("224.0.0.1:5353/udp", ["private.example"], .privateTargetBlocked),
        Row("255.255.255.255:67/udp", ["private.example"], .privateTargetBlocked),
        Row("0.0.0.0:80", ["private.example"], .privateTargetBlocked),
        Row("[::]:80", ["private.example"], .privateTargetBlocked),
        Row("[fe80::1]:80", ["private.example"], .privateTargetBlocked),
        Row("127.0.0.1:5432", [], .allowed), Row("127.0.0.1:5433", [], .portNotAllowed),
        Row("127.0.0.2:5432", [], .privateTargetBlocked),
        Row("127.0.0.2:80", ["private.example"], .privateTargetBlocked),
        Row("[::1]:5432", ["private.example"], .privateTargetBlocked),
        Row("93.184.216.34:0", ["a.example"], .portNotAllowed),
    ])
    func `the gate opens for a pinned name or a literal, and for nothing else`(row: Row) throws {
        let policy = try policy(
            [
                "a.example:443", "t.example:22/tcp", ".any.example", "private.example/private", "mixed.example:443",
                "mixed.example:8080/private", "203.0.113.5:25,80", "10.1.0.0/16:5432", "10.1.0.0/16:53/udp",
                "169.254.169.254:80", "100.64.0.0/10", "224.0.0.251:5353", "127.0.0.1:5432",
            ],
            deny: ["half.any.example:443", "198.51.100.64/28", "203.0.113.5:25", ".test"]
        )
        #expect(try Self.decide(policy, row.target, row.names).reason == row.reason)
    }

    @Test(arguments: [
        Row("10.0.0.1:443", ["a.example"], .allowed), Row("10.0.0.1:443", [], .addressNotPinned),
        Row("169.254.169.254:443", ["a.example"], .metadataBlocked),
        Row("127.0.0.1:443", ["a.example"], .privateTargetBlocked),
        Row("[64:ff9b::8.8.8.8]:443", ["a.example"], .allowed),
        Row("[64:ff9b::127.0.0.1]:443", ["a.example"], .privateTargetBlocked),
        Row("[2002:a9fe:a9fe::]:443", ["a.example"], .metadataBlocked),
        Row("[ff02::1]:443", ["a.example"], .privateTargetBlocked),
    ])
    func `the run's consent needs a pinned name, and opens no metadata, multicast or loopback`(row: Row) throws {
        let policy = try policy(["a.example:443"], allowPrivate: true)
        #expect(try Self.decide(policy, row.target, row.names).reason == row.reason)
    }

    @Test func `a verdict tells the rule that decided`() throws {
        let policy = try policy([".example:443", "a.example"], deny: ["10.0.0.0/8:25", "10.1.0.0/16"])
        #expect(try Self.decide(policy, "93.184.216.34:443", ["a.example"]).rule?.description == ".example:443")
        #expect(try Self.decide(policy, "93.184.216.34:80", ["a.example"]).rule?.description == "a.example")
        #expect(try Self.decide(policy, "10.1.2.3:25", []).rule?.description == "10.0.0.0/8:25")
        #expect(try Self.decide(policy, "10.1.2.3:26", []).rule?.description == "10.1.0.0/16")
        #expect(try Self.decide(policy, "8.8.8.8:53", []).rule == nil)
    }

    @Test(arguments: [
        "10.0.0.0/8", "10.128.0.0/9", "10.255.0.0/16", "10.255.255.0/24", "10.255.255.254/31", "10.255.255.255",
    ])
    func `blocks that nest are all seen`(denied: String) throws {
        let allow = ["10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9", "10.254.0.0/16", "10.255.255.255"]
        #expect(try Self.decide(policy(allow), "10.255.255.255:1", []).isAllowed)
        #expect(try Self.decide(policy(allow, deny: [denied]), "10.255.255.255:1", []).reason == .deniedByRule)
        #expect(
            try Self.decide(policy(allow, deny: [denied]), "10.127.0.1:1", []).isAllowed == (denied != "10.0.0.0/8")
        )
    }
}
