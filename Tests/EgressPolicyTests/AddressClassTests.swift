// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@Suite struct AddressClassTests {
    @Test func `the registries are read whole`() {
        #expect(SpecialPurposeRegistry.v4.count == 26)
        #expect(SpecialPurposeRegistry.v6.count == 25)
    }

    @Test(arguments: SpecialPurposeRegistry.all)
    func `each registered block is classed as the registry says, to its very edges`(row: SpecialPurposeRegistry.Row) {
        expectAgreement(row.block.base)
        expectAgreement(row.block.last)
        for outside in [neighbour(row.block.base, -1), neighbour(row.block.last, 1)] { expectAgreement(outside) }
    }

    @Test func `random addresses are classed as the registries say`() {
        var random = SeededGenerator(seed: 6890)
        for _ in 0..<5_000 {
            expectAgreement(.v4(IPv4Address(bits: .random(in: 0...(.max), using: &random))))
            let high = UInt64.random(in: 0...(.max), using: &random)
            expectAgreement(.v6(IPv6Address(high: high, low: .random(in: 0...(.max), using: &random))))
            let block = random.pick(SpecialPurposeRegistry.v6).block
            if case .v6(let base) = block.base { expectAgreement(.v6(IPv6Address(high: base.high, low: high))) }
        }
    }

    /// The registry calls NAT64 reachable; deliberately we never do, nor any other form that carries an address.
    private func expectAgreement(_ address: IPAddress) {
        var isGlobal = SpecialPurposeRegistry.isGlobal(address)
        if case .v6(let outer) = address.canonical, !outer.embeddedIPv4.isEmpty { isGlobal = false }
        if address.addressClass == .metadata { isGlobal = false }
        #expect((address.addressClass == .global) == isGlobal, "\(address) is \(address.addressClass)")
    }

    private func neighbour(_ address: IPAddress, _ step: Int) -> IPAddress {
        switch address {
        case .v4(let address):
            return .v4(IPv4Address(bits: address.bits &+ UInt32(truncatingIfNeeded: step)))
        case .v6(let address):
            let whole = (UInt128(address.high) << 64 | UInt128(address.low)) &+ UInt128(truncatingIfNeeded: step)
            let high = UInt64(truncatingIfNeeded: whole >> 64)
            return .v6(IPv6Address(high: high, low: UInt64(truncatingIfNeeded: whole)))
        }
    }

    // What proxies against request forgery keep apart (the classes of stripe/smokescreen, described anew).
    @Test(
        arguments: [
            ("8.8.8.8", .global), ("93.184.216.34", .global), ("2606:2800:220:1:248:1893:25c8:1946", .global),
            ("0.0.0.0", .unspecified), ("::", .unspecified), ("0.1.2.3", .thisNetwork), ("127.0.0.1", .loopback),
            ("127.255.255.254", .loopback), ("::1", .loopback), ("10.1.2.3", .privateUse),
            ("172.31.255.255", .privateUse),
            ("172.32.0.0", .global), ("192.168.1.1", .privateUse), ("fd12::1", .privateUse), ("fec0::1", .privateUse),
            ("100.64.0.1", .sharedAddressSpace), ("100.128.0.1", .global), ("169.254.1.1", .linkLocal),
            ("fe80::1", .linkLocal),
            ("192.0.0.8", .protocolAssignment), ("2001:1::4", .protocolAssignment), ("203.0.113.9", .documentation),
            ("2001:db8::1", .documentation), ("3fff:fff::1", .documentation), ("198.19.255.255", .benchmarking),
            ("2001:2::1", .benchmarking), ("192.88.99.1", .relayAnycast), ("2001:10::1", .overlayIdentifier),
            ("100::1", .discardOnly), ("100:0:0:1::1", .discardOnly), ("5f00::1", .segmentRouting),
            ("224.0.0.1", .multicast),
            ("239.255.255.255", .multicast), ("ff02::1", .multicast), ("255.255.255.255", .broadcast),
            ("240.0.0.1", .reserved),
            ("4000::1", .reserved), ("::2:0:0:1", .reserved), ("200::1", .reserved),
        ] as [(String, AddressClass)]
    )
    func `an address has the class of the block it lies in`(text: String, expected: AddressClass) {
        #expect(IPAddress(text)?.addressClass == expected)
    }

    // RFC 4291, 2.5.5; RFC 6052, 2.4; RFC 8215; RFC 3056, 2; RFC 4380, 4; RFC 5214, 6.1; RFC 2765, 2.1.
    @Test(
        arguments: [
            ("::ffff:10.0.0.1", .privateUse), ("::ffff:8.8.8.8", .global), ("::10.0.0.1", .privateUse),
            ("::8.8.8.8", .embeddedIPv4), ("::ffff:0:10.0.0.1", .privateUse), ("::ffff:0:8.8.8.8", .embeddedIPv4),
            ("64:ff9b::10.0.0.1", .privateUse), ("64:ff9b::127.0.0.1", .loopback), ("64:ff9b::8.8.8.8", .embeddedIPv4),
            ("64:ff9b:1::10.0.0.1", .privateUse), ("64:ff9b:1::8.8.8.8", .embeddedIPv4),
            ("64:ff9b:1:a00:0:100::", .privateUse), ("2002:a00:1::", .privateUse), ("2002:7f00:1::1", .loopback),
            ("2002:808:808::1", .embeddedIPv4), ("2001:0:4136:e378:8000:63bf:f5ff:fffe", .privateUse),
            ("2001:0:4136:e378:8000:63bf:3fff:fdd2", .documentation),
            ("2001:0:4136:e378:8000:63bf:f7f7:f7f7", .embeddedIPv4),
            ("2606:2800::5efe:10.0.0.1", .privateUse), ("2606:2800::200:5efe:10.0.0.1", .privateUse),
            ("2606:2800::200:5efe:8.8.8.8", .embeddedIPv4), ("fe80::5efe:8.8.8.8", .linkLocal),
        ] as [(String, AddressClass)]
    )
    func `an address which carries another has the class of what it carries`(text: String, expected: AddressClass) {
        #expect(IPAddress(text)?.addressClass == expected)
    }

    @Test(arguments: [
        "169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200", "192.0.0.192", "168.63.129.16",
        "169.254.0.23", "169.254.42.42", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:42::42",
        "fe80::a9fe:a9fe",
        "::ffff:169.254.169.254", "::169.254.169.254", "::ffff:0:169.254.169.254", "64:ff9b::169.254.169.254",
        "64:ff9b:1::169.254.169.254", "64:ff9b:1:a9fe:a9:fe00::", "64:ff9b:1:a9:fe:a9fe::",
        "64:ff9b:1:0:a9:fea9:fe00:0",
        "2002:a9fe:a9fe::", "2002:a9fe:a9fe:1::2", "2001:0:808:808::5601:5601", "2001:0:a9fe:a9fe::1",
        "2606:2800::5efe:169.254.169.254", "fe80::200:5efe:169.254.169.254", "64:ff9b::100.100.100.200",
    ])
    func `metadata is recognised in every form that carries it`(text: String) {
        #expect(IPAddress(text)?.addressClass == .metadata)
    }

    @Test func `no form that carries an address is ever global`() {
        var random = SeededGenerator(seed: 4291)
        for _ in 0..<4_000 {
            let inner = UInt64(UInt32.random(in: 0...(.max), using: &random))
            let noise = UInt64.random(in: 0...(.max), using: &random)
            let forms = [
                IPv6Address(high: 0, low: inner), IPv6Address(high: 0, low: 0xffff_0000_0000_0000 | inner),
                IPv6Address(high: 0x0064_ff9b_0000_0000, low: inner),
                IPv6Address(high: 0x2001_0000_0000_0000 | inner, low: noise),
                IPv6Address(high: 0x0064_ff9b_0001_0000 | noise & 0xffff, low: noise << 32 | inner),
                IPv6Address(high: 0x2002_0000_0000_0000 | inner << 16, low: noise),
                IPv6Address(high: noise, low: 0x0000_5efe_0000_0000 | inner),
                IPv6Address(high: noise, low: 0x0200_5efe_0000_0000 | inner),
            ]
            for form in forms { #expect(IPAddress.v6(form).addressClass != .global, "\(form)") }
        }
    }
}
