// SPDX-License-Identifier: Apache-2.0

/// The special-purpose blocks of both families; the first row that matches decides.
///
/// From the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, RFC 8190) and the multicast and unicast
/// blocks of the address space registries. `Fixtures/iana` holds the registries, and a test compares.
enum SpecialPurpose {
    struct Row4: Sendable {
        let bits: UInt32
        let mask: UInt32
        let addressClass: AddressClass

        init(_ bits: UInt32, _ length: Int, _ addressClass: AddressClass) {
            self.bits = bits
            self.mask = ~0 << UInt32(32 - length)
            self.addressClass = addressClass
        }
    }

    struct Row6: Sendable {
        let high: UInt64
        let low: UInt64
        let highMask: UInt64
        let lowMask: UInt64
        let addressClass: AddressClass

        init(_ high: UInt64, low: UInt64 = 0, _ length: Int, _ addressClass: AddressClass) {
            let mask = AddressBlock.mask(length)
            self.high = high
            self.low = low
            self.highMask = UInt64(truncatingIfNeeded: mask >> 64)
            self.lowMask = UInt64(truncatingIfNeeded: mask)
            self.addressClass = addressClass
        }
    }

    static let v4: [Row4] = [
        Row4(0x0000_0000, 32, .unspecified),  // 0.0.0.0
        Row4(0x0000_0000, 8, .thisNetwork),  // 0.0.0.0/8
        Row4(0x0a00_0000, 8, .privateUse),  // 10.0.0.0/8
        Row4(0x6440_0000, 10, .sharedAddressSpace),  // 100.64.0.0/10
        Row4(0x7f00_0000, 8, .loopback),  // 127.0.0.0/8
        Row4(0xa9fe_0000, 16, .linkLocal),  // 169.254.0.0/16
        Row4(0xac10_0000, 12, .privateUse),  // 172.16.0.0/12
        Row4(0xc000_0009, 32, .global),  // 192.0.0.9: port control anycast
        Row4(0xc000_000a, 32, .global),  // 192.0.0.10: TURN anycast
        Row4(0xc000_0000, 24, .protocolAssignment),  // 192.0.0.0/24
        Row4(0xc000_0200, 24, .documentation),  // 192.0.2.0/24
        Row4(0xc058_6300, 24, .relayAnycast),  // 192.88.99.0/24
        Row4(0xc0a8_0000, 16, .privateUse),  // 192.168.0.0/16
        Row4(0xc612_0000, 15, .benchmarking),  // 198.18.0.0/15
        Row4(0xc633_6400, 24, .documentation),  // 198.51.100.0/24
        Row4(0xcb00_7100, 24, .documentation),  // 203.0.113.0/24
        Row4(0xe000_0000, 4, .multicast),  // 224.0.0.0/4
        Row4(0xffff_ffff, 32, .broadcast),  // 255.255.255.255
        Row4(0xf000_0000, 4, .reserved),  // 240.0.0.0/4
    ]

    static let v6: [Row6] = [
        Row6(0x2001_0000_0000_0000, 32, .embeddedIPv4),  // 2001::/32: Teredo
        Row6(0x2001_0001_0000_0000, low: 0x1, 128, .global),  // 2001:1::1: port control anycast
        Row6(0x2001_0001_0000_0000, low: 0x2, 128, .global),  // 2001:1::2: TURN anycast
        Row6(0x2001_0001_0000_0000, low: 0x3, 128, .global),  // 2001:1::3: service registration anycast
        Row6(0x2001_0002_0000_0000, 48, .benchmarking),  // 2001:2::/48
        Row6(0x2001_0003_0000_0000, 32, .global),  // 2001:3::/32: AMT
        Row6(0x2001_0004_0112_0000, 48, .global),  // 2001:4:112::/48: AS112
        Row6(0x2001_0010_0000_0000, 28, .overlayIdentifier),  // 2001:10::/28
        Row6(0x2001_0020_0000_0000, 28, .global),  // 2001:20::/28: ORCHIDv2
        Row6(0x2001_0030_0000_0000, 28, .global),  // 2001:30::/28: drone remote identification
        Row6(0x2001_0000_0000_0000, 23, .protocolAssignment),  // 2001::/23
        Row6(0x2001_0db8_0000_0000, 32, .documentation),  // 2001:db8::/32
        Row6(0x2002_0000_0000_0000, 16, .embeddedIPv4),  // 2002::/16: 6to4
        Row6(0x3fff_0000_0000_0000, 20, .documentation),  // 3fff::/20
        Row6(0x2000_0000_0000_0000, 3, .global),  // 2000::/3
        Row6(0, 128, .unspecified),  // ::
        Row6(0, low: 1, 128, .loopback),  // ::1
        Row6(0, 96, .embeddedIPv4),  // ::/96: v4-compatible
        Row6(0, low: 0xffff_0000_0000_0000, 96, .embeddedIPv4),  // ::ffff:0:0:0/96: v4-translated (RFC 2765)
        Row6(0x0064_ff9b_0000_0000, 96, .embeddedIPv4),  // 64:ff9b::/96: NAT64
        Row6(0x0064_ff9b_0001_0000, 48, .embeddedIPv4),  // 64:ff9b:1::/48: local NAT64
        Row6(0x0100_0000_0000_0000, 63, .discardOnly),  // 100::/64 and 100:0:0:1::/64
        Row6(0x5f00_0000_0000_0000, 16, .segmentRouting),  // 5f00::/16
        Row6(0xfc00_0000_0000_0000, 7, .privateUse),  // fc00::/7
        Row6(0xfe80_0000_0000_0000, 10, .linkLocal),  // fe80::/10
        Row6(0xfec0_0000_0000_0000, 10, .privateUse),  // fec0::/10: site-local
        Row6(0xff00_0000_0000_0000, 8, .multicast),  // ff00::/8
    ]
}
