// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@Suite struct AddressBlockTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.0.0.0", "10.255.255.255"), ("0.0.0.0/0", "0.0.0.0", "255.255.255.255"),
        ("192.0.2.7/32", "192.0.2.7", "192.0.2.7"), ("172.16.0.0/12", "172.16.0.0", "172.31.255.255"),
        ("2001:db8::/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:db8::1/128", "2001:db8::1", "2001:db8::1"),
        ("fe80::/10", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ])
    func `a block holds what lies between its first and last address`(text: String, first: String, last: String) throws
    {
        let block = try #require(AddressBlock(text))
        #expect(block.description == text)
        #expect(block.base.description == first)
        #expect(block.last.description == last)
        #expect(try block.contains(#require(IPAddress(first))))
        #expect(try block.contains(#require(IPAddress(last))))
    }

    @Test func `a mapped block is the IPv4 block it means`() throws {
        let block = try #require(AddressBlock("::ffff:10.0.0.0/104"))
        #expect(block.description == "10.0.0.0/8")
        #expect(try block.contains(#require(IPAddress("::ffff:10.1.2.3"))))
    }

    @Test func `a wide IPv6 block holds no IPv4 address`() throws {
        let everything = try #require(AddressBlock("::/0"))
        #expect(try !everything.contains(#require(IPAddress("10.0.0.1"))))
        #expect(try !everything.contains(#require(IPAddress("::ffff:10.0.0.1"))))
    }

    @Test(arguments: [
        "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0.0", "/8", "10.0.0.0/08", "10.0.0.0/8/8",
        "10/8",
        "10.0.0.0/+8", "10.0.0.0/ 8", "::1/127", "::/129", "2001:db8::1/32", "10.0.0.0/99999999999999999999", "[::]/0",
        "::/",
        "10.0.0.0/255.0.0.0", "::ffff:10.0.0.1/104",
    ])
    func `what is not exactly a block is none`(text: String) {
        #expect(AddressBlock(text) == nil)
    }
}
