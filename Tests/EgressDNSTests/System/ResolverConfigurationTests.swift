// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@testable import EgressDNS

@Suite struct ResolverConfigurationTests {
    @Test func `a common file is read`() {
        // As systemd-resolved and NetworkManager write them.
        let file = ResolverConfiguration(
            parsing: """
                # This is /run/systemd/resolve/stub-resolv.conf
                ; and a comment of the other kind
                nameserver 127.0.0.53
                nameserver 2001:db8::53
                nameserver 127.0.0.53
                options edns0 trust-ad ndots:2
                search corp.example.com example.com
                """
        )
        #expect(file.servers.map(\.description) == ["127.0.0.53", "2001:db8::53"])
        #expect(file.search.map(\.description) == ["corp.example.com", "example.com"])
        #expect(file.ndots == 2)
        #expect(file.refusedServers.isEmpty)
    }

    @Test(
        arguments: [
            // A scoped address means nothing without its interface; the rest is garbage that libc skips too.
            ("nameserver fe80::1%eth0", [], ["fe80::1%eth0"]),
            ("nameserver dns.example\nnameserver 192.0.2.53", ["192.0.2.53"], ["dns.example"]),
            ("nameserver [2001:db8::53]:5353", ["[2001:db8::53]:5353"], []),
            ("nameserver", [], []),
            ("nameserver 192.0.2.53 # the old one", ["192.0.2.53"], []),
            ("nameservers 192.0.2.53", [], []),
            ("", [], []),
        ] as [(String, [String], [String])]
    )
    func `servers are addresses`(_ text: String, _ servers: [String], _ refused: [String]) {
        let file = ResolverConfiguration(parsing: text)
        #expect(file.servers.map(\.description) == servers)
        #expect(file.refusedServers == refused)
    }

    @Test(
        arguments: [
            ("domain a.example\nsearch b.example c.example", ["b.example", "c.example"]),
            ("search b.example c.example\ndomain a.example", ["a.example"]),
            ("search . example.com. bad..example", ["example.com"]),
        ]
    )
    func `the last search list counts`(_ text: String, _ search: [String]) {
        #expect(ResolverConfiguration(parsing: text).search.map(\.description) == search)
    }

    @Test(arguments: [("ndots:0", 0), ("ndots:99", 15), ("ndots:-1", 1), ("ndots:x", 1), ("rotate", 1)])
    func `dots are bounded`(_ option: String, _ ndots: Int) {
        #expect(ResolverConfiguration(parsing: "options \(option)").ndots == ndots)
    }

    @Test func `lists are bounded`() {
        let many = (0..<100).map { "nameserver 192.0.2.\($0)\nnameserver x\($0)" }
        let domains = (0..<100).map { "d\($0).example" }
        let file = ResolverConfiguration(
            parsing: (many + ["search " + domains.joined(separator: " ")]).joined(separator: "\n")
        )
        #expect(file.servers.count == ResolverConfiguration.maximumServers)
        #expect(file.refusedServers.count == ResolverConfiguration.maximumServers)
        #expect(file.search.count == ResolverConfiguration.maximumSearch)
    }
}
