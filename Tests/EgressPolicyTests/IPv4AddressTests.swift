// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@Suite struct IPv4AddressTests {
    @Test(arguments: [
        ("0.0.0.0", 0), ("1.2.3.4", 0x0102_0304), ("127.0.0.1", 0x7f00_0001), ("192.0.2.10", 0xc000_020a),
        ("255.255.255.255", 0xffff_ffff), ("100.200.99.0", 0x64c8_6300),
    ])
    func `a canonical quad is read and printed alike`(text: String, bits: UInt32) {
        #expect(IPv4Address(text)?.bits == bits)
        #expect(IPv4Address(bits: bits).description == text)
    }

    // Spellings which inet_aton(3) and the WHATWG URL standard (host-parsing tests of web-platform-tests describe the
    // same forms) turn into an address, and what that is.
    static let odd: [(String, String)] = [
        ("0177.1", "127.0.0.1"), ("2130706433", "127.0.0.1"), ("0x7f.1", "127.0.0.1"), ("127.1", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"), ("0X7F.0.0.1", "127.0.0.1"), ("017700000001", "127.0.0.1"),
        ("127.0.1", "127.0.0.1"), ("127.0.0.01", "127.0.0.1"), ("127.0.0.1.", "127.0.0.1"),
        ("192.168.257", "192.168.1.1"), ("10.1", "10.0.0.1"), ("0", "0.0.0.0"), ("0x", "0.0.0.0"),
        ("0xa9.0xfe.0xa9.0xfe", "169.254.169.254"), ("2852039166", "169.254.169.254"),
        ("0251.0376.0251.0376", "169.254.169.254"), ("0251.254.0xa9fe", "169.254.169.254"),
        ("4294967295", "255.255.255.255"), ("00000000010.0.0.1", "8.0.0.1"), ("1.0xffffff", "1.255.255.255"),
    ]

    @Test(arguments: odd)
    func `an odd spelling is no address, but its meaning can be told`(text: String, meaning: String) {
        #expect(IPv4Address(text) == nil)
        #expect(IPv4Address(lenient: text)?.description == meaning)
    }

    @Test(arguments: [
        "", ".", "1.2.3", "1.2.3.4.5", "256.0.0.1", "1.2.3.256", "1..2.3", ".1.2.3.4", "1.2.3.4 ", " 1.2.3.4",
        "+1.2.3.4",
        "-1.2.3.4", "1.2.3.4/32", "1.2.3.4:80", "a.b.c.d", "1.2.3.x", "1.2.3.4\n", "1.2.3.4\0", "１.2.3.4", "1。2。3。4",
        "00.0.0.0", "0000.0.0.0", "1e1.2.3.4", "1.2.3.4%eth0", "١.٢.٣.٤",
    ])
    func `nothing else is an address`(text: String) {
        #expect(IPv4Address(text) == nil)
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        "4294967296", "256.1", "1.2.3.4.5", "1.2.65536", "08.1", "0xg", "99999999999999999999999", "..", "",
    ])
    func `what no program reads has no meaning`(text: String) {
        #expect(IPv4Address(lenient: text) == nil)
    }
}
