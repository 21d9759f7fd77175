// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@Suite struct IPv6AddressTests {
    // RFC 4291, section 2.2 and 2.5; RFC 5952, sections 1 to 5.
    @Test(arguments: [
        ("ABCD:EF01:2345:6789:ABCD:EF01:2345:6789", "abcd:ef01:2345:6789:abcd:ef01:2345:6789"),
        ("2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"), ("FF01:0:0:0:0:0:0:101", "ff01::101"),
        ("0:0:0:0:0:0:0:1", "::1"), ("0:0:0:0:0:0:0:0", "::"), ("::", "::"), ("::1", "::1"), ("1::", "1::"),
        ("0:0:0:0:0:0:13.1.68.3", "::d01:4403"), ("::13.1.68.3", "::d01:4403"),
        ("0:0:0:0:0:FFFF:129.144.52.38", "::ffff:129.144.52.38"), ("::ffff:8190:3426", "::ffff:129.144.52.38"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:db8::1:0:0:1", "2001:db8::1:0:0:1"), ("2001:db8::0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:0db8::1:0:0:1", "2001:db8::1:0:0:1"), ("2001:db8:0:0:1::1", "2001:db8::1:0:0:1"),
        ("2001:db8:0000:0:1::1", "2001:db8::1:0:0:1"), ("2001:DB8:0:0:1::1", "2001:db8::1:0:0:1"),
        ("2001:db8:aaaa:bbbb:cccc:dddd:eeee:0001", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1"),
        ("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("2001:db8:0:0:1:0:0:0", "2001:db8:0:0:1::"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("0:0:1::", "0:0:1::"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
        ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ("0:1:0:1:0:1:0:1", "0:1:0:1:0:1:0:1"), ("::ffff:0.0.0.0", "::ffff:0.0.0.0"),
        ("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ])
    func `every form of one address is printed in the one canonical form`(text: String, canonical: String) {
        let address = IPv6Address(text)
        #expect(address?.description == canonical)
        #expect(IPv6Address(canonical) == address)
    }

    @Test(arguments: [
        "", ":", ":::", "1", "1:", ":1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "1:2:3:4:5:6:7:8:", "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8::", "1::2:3:4:5:6:7:8", "::1:2:3:4:5:6:7:8", "1::2::3", ":::1", "1:::2", "12345::", "::12345",
        "g::", "::1 ", " ::1", "::1%eth0", "fe80::1%1", "[::1]", "::1/128", "::1.2.3", "::1.2.3.4.5", "::1.2.3.256",
        "::01.2.3.4", "1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "::1:2:3:4:5:6:7.8.9.10", "::0x1", "::-1",
        "::+1",
        "::1\0", "：：1", "1.2.3.4", "2001:db8::1::",
    ])
    func `nothing else is an address`(text: String) {
        #expect(IPv6Address(text) == nil)
    }

    @Test func `network bytes hold the address in both directions`() throws {
        let v6 = try #require(IPAddress("2001:db8::102:304"))
        #expect(v6.networkBytes == [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4])
        #expect(IPAddress(networkBytes: v6.networkBytes) == v6)
        #expect(IPAddress(networkBytes: [192, 0, 2, 1] as [UInt8])?.description == "192.0.2.1")
        for count in [0, 1, 3, 5, 15, 17, 64] {
            #expect(IPAddress(networkBytes: [UInt8](repeating: 1, count: count)) == nil)
        }
    }

    @Test(arguments: [
        ("::ffff:10.0.0.1", "10.0.0.1"), ("::ffff:7f00:1", "127.0.0.1"), ("::ffff:0:7f00:1", "::ffff:0:7f00:1"),
        ("::10.0.0.1", "::a00:1"), ("1::ffff:a00:1", "1::ffff:a00:1"), ("10.0.0.1", "10.0.0.1"),
    ])
    func `only a mapped address becomes the IPv4 address it is`(text: String, canonical: String) {
        #expect(IPAddress(text)?.canonical.description == canonical)
    }
}
