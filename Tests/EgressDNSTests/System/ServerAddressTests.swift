// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import EgressDNS

@Suite struct ServerAddressTests {
    @Test(
        arguments: [
            ("192.0.2.53", "192.0.2.53"),
            ("192.0.2.53:53", "192.0.2.53"),
            ("192.0.2.53:5353", "192.0.2.53:5353"),
            ("2001:db8::53", "2001:db8::53"),
            ("[2001:db8::53]", "2001:db8::53"),
            ("[2001:db8::53]:5353", "[2001:db8::53]:5353"),
            ("127.0.0.53", "127.0.0.53"),
            ("::1", "::1"),
        ]
    )
    func `a server is an address with or without port`(_ text: String, _ expected: String) {
        #expect(ServerAddress(text)?.description == expected)
    }

    @Test(
        arguments: [
            "", ":", "[", "[]", "[]:53", "dns.example", "192.0.2", "192.0.2.53:", "192.0.2.53:0", "192.0.2.53:65536",
            "192.0.2.53:+53", "192.0.2.53:53:53", "[192.0.2.53]:53", "[2001:db8::53]53", "[2001:db8::53]:", "[::1",
            "fe80::1%eth0", "[fe80::1%eth0]:53", "0.0.0.0", "::", "0300.0.2.53", " 192.0.2.53",
        ]
    )
    func `anything else is no server`(_ text: String) {
        #expect(ServerAddress(text) == nil)
    }
}
