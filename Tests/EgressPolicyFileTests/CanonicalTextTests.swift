// SPDX-License-Identifier: Apache-2.0

import EgressPolicyFile
import Testing

private let yaml = """
    version: 1
    deny: [.telemetry.example.com]
    allow:
      - host: Registry.example.com.
        ports: [443, 80]
        protocols: [tcp]
      - 10.1.0.7/32
      - example.com:443
    dns: {upstream: [192.0.2.53, "[2001:db8::53]:5353"]}
    unix: ["/run/b c%", /run/a]
    """

private let json = """
    {"version": 1, "unix": ["/run/a", "/run/b c%"], "dns": {"upstream": ["192.0.2.53", "[2001:db8::53]:5353"]},
     "allow": ["example.com:443", "example.com:443", "10.1.0.7", "registry.example.com:80,443/tcp"],
     "deny": [".telemetry.example.com"]}
    """

struct CanonicalTextTests {
    private func text(_ source: String) throws -> String {
        try PolicyDocument.parse(Array(source.utf8), name: "test").canonicalText
    }

    @Test func `two ways to write a policy have one text`() throws {
        #expect(
            try text(yaml) == """
                egress-policy 1
                allow 10.1.0.7
                allow example.com:443
                allow registry.example.com:80,443/tcp
                deny .telemetry.example.com
                unix /run/a
                unix /run/b%20c%25
                upstream 192.0.2.53
                upstream [2001:db8::53]:5353

                """
        )
        #expect(try text(json) == text(yaml))
    }

    @Test(arguments: [
        ("allow: [example.com]", "deny: [example.com]"), ("allow: [example.com]", "allow: [.example.com]"),
        ("allow: [example.com:443]", "allow: [example.com]"), ("allow: [10.0.0.0/8]", "allow: [10.0.0.0/9]"),
        ("allow: [example.com]", "allow: [{host: example.com, private: true}]"),
        ("allow: [example.com]", "allow: [example.com]\nallow_private: true"),
        ("dns: {upstream: [192.0.2.1, 192.0.2.2]}", "dns: {upstream: [192.0.2.2, 192.0.2.1]}"),
        ("dns: {types: [SRV]}", "dns: {types: [MX]}"), ("unix: [/a]", "unix: [/b]"),
        ("unix: [/a]", "unix: [{path: /a, type: datagram}]"),
    ])
    func `policies that mean different things have different texts`(_ first: String, _ second: String) throws {
        let head = "version: 1\n"
        #expect(try text(head + first) != text(head + second))
    }
}
