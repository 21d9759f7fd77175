// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@Suite struct TranslationPrefixTests {
    private static func v6(_ text: String) throws -> IPv6Address { try #require(IPv6Address(text)) }

    private static func prefix(_ text: String, _ length: Int) throws -> TranslationPrefix {
        let address = try Self.v6(text)
        return try #require(TranslationPrefix(address, length: length))
    }

    /// RFC 6052, section 2.4: 192.0.2.33 under a prefix of each length.
    private static let table: [(prefix: String, length: Int, address: String)] = [
        ("2001:db8::", 32, "2001:db8:c000:221::"), ("2001:db8:100::", 40, "2001:db8:1c0:2:21::"),
        ("2001:db8:122::", 48, "2001:db8:122:c000:2:2100::"), ("2001:db8:122:300::", 56, "2001:db8:122:3c0:0:221::"),
        ("2001:db8:122:344::", 64, "2001:db8:122:344:c0:2:2100::"),
        ("2001:db8:122:344::", 96, "2001:db8:122:344::192.0.2.33"),
    ]

    @Test(arguments: table.indices)
    func `an address under a prefix holds the IPv4 address where RFC 6052 has it`(row: Int) throws {
        let (text, length, address) = Self.table[row]
        let prefix = try Self.prefix(text, length)
        #expect(try prefix.embeddedIPv4(in: Self.v6(address))?.description == "192.0.2.33")
        #expect(try prefix.embeddedIPv4(in: Self.v6("2001:db9::1")) == nil)
        #expect(prefix.description == "\(text)/\(length)")
    }

    @Test(arguments: table.indices)
    func `what a translator skips is skipped`(row: Int) throws {
        let (text, length, address) = Self.table[row]
        guard length < 96 else { return }
        var noisy = try Self.v6(address)
        // Bits 64 to 71, and the last ones.
        noisy.low |= 0xff00_0000_0000_0001
        #expect(try Self.prefix(text, length).embeddedIPv4(in: noisy)?.description == "192.0.2.33")
    }

    /// RFC 7050: the addresses of ipv4only.arpa, 192.0.0.170 and 192.0.0.171, as a network translates them.
    @Test(
        arguments: [
            ("2606:4700:c000:aa::", ["2606:4700::/32"]), ("2606:4700:1c0:0:ab::", ["2606:4700:100::/40"]),
            ("2606:4700:122:c000:0:aa00::", ["2606:4700:122::/48"]),
            ("2606:4700:122:3c0:0:aa::", ["2606:4700:122:300::/56"]),
            ("2606:4700:122:344:c0:0:ab00:0", ["2606:4700:122:344::/64"]),
            ("2606:4700:122:344::192.0.0.170", ["2606:4700:122:344::/96"]), ("64:ff9b::c000:ab", ["64:ff9b::/96"]),
            ("2606:4700:c000:aa::192.0.0.171", ["2606:4700::/32", "2606:4700:c000:aa::/96"]),
            ("2606:4700::192.0.0.169", []), ("2606:4700::192.0.0.172", []), ("2606:2800:220:1::1", []), ("::", []),
        ]
    )
    func `a prefix is found by the well-known addresses`(address: String, prefixes: [String]) throws {
        #expect(try TranslationPrefix.found(in: Self.v6(address)).map(\.description) == prefixes)
    }

    @Test func `every prefix is found by its own address of ipv4only arpa`() throws {
        var random = SeededGenerator(seed: 7050)
        for _ in 0..<3_000 {
            let length = random.pick(TranslationPrefix.lengths)
            let seed = IPv6Address(high: .random(in: 0...(.max), using: &random), low: 0)
            let prefix = try #require(TranslationPrefix(seed, length: length))
            let known = IPv4Address(bits: random.pick([0xc000_00aa, 0xc000_00ab]))
            let address = synthesise(prefix, known)
            #expect(prefix.embeddedIPv4(in: address) == known)
            #expect(TranslationPrefix.found(in: address).contains(prefix), "\(prefix) in \(address)")
        }
    }

    /// RFC 6052, section 2.2, written down a bit at a time.
    private func synthesise(_ prefix: TranslationPrefix, _ inner: IPv4Address) -> IPv6Address {
        var whole = UInt128(prefix.base.high) << 64 | UInt128(prefix.base.low)
        var position = prefix.length
        for bit in 0..<32 as Range<UInt32> {
            if position == 64, prefix.length < 96 { position = 72 }
            if inner.bits >> (31 - bit) & 1 == 1 { whole |= 1 << UInt128(127 - position) }
            position += 1
        }
        return IPv6Address(high: UInt64(truncatingIfNeeded: whole >> 64), low: UInt64(truncatingIfNeeded: whole))
    }

    @Test(arguments: [31, 33, 0, 128, -1, 95])
    func `other lengths are no prefix`(length: Int) {
        #expect(TranslationPrefix(IPv6Address(high: 0, low: 0), length: length) == nil)
    }

    // MARK: The policy

    private func translating(_ allow: [String], deny: [String] = [], allowPrivate: Bool = false) throws -> Policy {
        var policy = try policy(allow, deny: deny, allowPrivate: allowPrivate)
        policy.translationPrefixes = [
            try Self.prefix("2606:4700:64::", 96), try Self.prefix("2606:4700:6464::", 48),
            try Self.prefix("fd64::", 96),
        ]
        return policy
    }

    @Test(
        arguments: [
            ("2606:4700:64::93.184.216.34", false, Reason.allowed),
            ("2606:4700:64::10.0.0.5", false, .privateTargetBlocked),
            ("2606:4700:64::10.0.0.5", true, .allowed), ("2606:4700:64::127.0.0.1", false, .privateTargetBlocked),
            ("2606:4700:64::169.254.169.254", false, .metadataBlocked),
            ("2606:4700:64::169.254.169.254", true, .metadataBlocked),
            ("2606:4700:64::224.0.0.1", true, .privateTargetBlocked),
            ("2606:4700:64::0.0.0.0", true, .privateTargetBlocked),
            ("2606:4700:6464:a00:0:500::", false, .privateTargetBlocked),
            ("2606:4700:6464:a9fe:a9:fe00::", true, .metadataBlocked),
            ("2606:4700:6464:5db8:d8:2200::", false, .allowed),
            ("fd64::93.184.216.34", false, .privateTargetBlocked), ("fd64::93.184.216.34", true, .allowed),
            ("fd64::169.254.169.254", true, .metadataBlocked), ("fd64::224.0.0.1", true, .privateTargetBlocked),
            ("2606:4700:65::10.0.0.5", false, .allowed), ("64:ff9b::8.8.8.8", false, .privateTargetBlocked),
        ]
    )
    func `an answer under a prefix is judged by what it stands for as well`(
        address: String,
        allowPrivate: Bool,
        reason: Reason
    ) throws {
        let address = try #require(IPAddress(address)), name = try Host("a.example")
        let policy = try translating(["a.example"], allowPrivate: allowPrivate)
        #expect(policy.validate(answer: [address], for: name).reason == reason)
        #expect(policy.decide(address: address, port: 443, protocol: .tcp, names: [name]).reason == reason)
    }

    @Test(
        arguments: [
            ("2606:4700:64::10.0.0.5", [], Reason.privateTargetBlocked),
            ("2606:4700:64::10.0.0.5", ["10.0.0.5"], .privateTargetBlocked),
            ("2606:4700:64::10.0.0.5", ["[2606:4700:64::a00:5]"], .allowed),
            ("2606:4700:64::10.0.0.5", ["2606:4700:64::/96"], .allowed),
            ("2606:4700:64::169.254.169.254", ["2606:4700:64::/96"], .metadataBlocked),
            ("2606:4700:64::169.254.169.254", ["[2606:4700:64::a9fe:a9fe]"], .allowed),
            ("2606:4700:64::127.0.0.1", ["2606:4700:64::/96"], .privateTargetBlocked),
            ("2606:4700:64::93.184.216.34", ["2606:4700:64::/96"], .allowed),
        ]
    )
    func `a literal target under a prefix is judged by the same`(address: String, allow: [String], reason: Reason)
        throws
    {
        let address = try #require(IPAddress(address))
        let verdict = try translating(allow).decide(address: address, port: 80, protocol: .tcp, names: [])
        #expect(verdict.reason == reason)
    }

    @Test func `a deny rule for an IPv4 address holds for what is translated to it`() throws {
        let policy = try translating(["a.example"], deny: ["93.184.216.0/24"])
        let address = try #require(IPAddress("2606:4700:64::93.184.216.34")), name = try Host("a.example")
        #expect(policy.validate(answer: [address], for: name).reason == .deniedByRule)
        #expect(policy.decide(address: address, port: 80, protocol: .tcp, names: [name]).reason == .deniedByRule)
        #expect(policy.translations(of: address).map(\.description) == ["93.184.216.34"])
    }

    @Test func `without a prefix nothing changes`() throws {
        let policy = try policy(["a.example"])
        let address = try #require(IPAddress("2606:4700:64::10.0.0.5"))
        #expect(policy.validate(answer: [address], for: try Host("a.example")).isAllowed)
    }

    @Test func `what is suggested for a translated address opens it`() throws {
        let address = try #require(IPAddress("2606:4700:64::10.0.0.5")), name = try Host("a.example")
        let policy = try translating([])
        #expect(policy.suggestion(address: address, port: 80) == "[2606:4700:64::a00:5]:80")
        #expect(policy.suggestion(address: address, port: 80, names: [name]) == "a.example:80/private")
        #expect(policy.suggestion(host: name, port: 80, answer: [address]) == "a.example:80/private")
    }
}
