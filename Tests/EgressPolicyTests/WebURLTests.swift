// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

struct WebURLTests {
    @Test(arguments: [
        ("http://example.com", "example.com", UInt16(80)),
        ("https://Example.COM./a/b?c#d", "example.com", 443),
        ("wss://example.com?x", "example.com", 443),
        ("WS://example.com#x", "example.com", 80),
        ("https://example.com:8443/:1@x", "example.com", 8443),
        ("https://93.184.216.34:1/", "93.184.216.34", 1),
        ("https://[2606:2800::1]", "2606:2800::1", 443),
        ("https://[2606:2800::1]:65535/", "2606:2800::1", 65535),
    ])
    func `a URL leads to its host and port`(_ text: String, _ host: String, _ port: UInt16) throws {
        let url = try WebURL(Array(text.utf8))
        switch url.host {
        case .name(let name): #expect(name.description == host)
        case .address(let address): #expect(address.description == host)
        }
        #expect(url.port == port)
    }

    @Test(arguments: [
        ("", Reason.unsupportedScheme), ("example.com", .unsupportedScheme), ("ftp://example.com/", .unsupportedScheme),
        ("file:///etc/passwd", .unsupportedScheme), ("javascript:alert(1)", .unsupportedScheme),
        (" http://example.com/", .unsupportedScheme),
        ("http:", .missingHost), ("http:/example.com", .missingHost), ("http:///x", .missingHost),
        // "A New Era of SSRF", Orange Tsai, Black Hat 2017: parsers differ about where the host ends.
        ("http://a.example@b.example/", .urlCredentialsForbidden), ("http://@b.example/", .urlCredentialsForbidden),
        ("http://a.example:80@b.example:80/", .urlCredentialsForbidden),
        ("http://a.example\\@b.example/", .urlCredentialsForbidden), ("http://a.example\\.b.example/", .missingHost),
        ("http://a.example b.example/", .missingHost), ("http://a.example\u{9}/", .missingHost),
        ("http://a.example%2eb.example/", .missingHost), ("http://a.example%00.b.example/", .missingHost),
        ("http://b\u{fc}cher.example/", .missingHost), ("http://a..example/", .missingHost),
        ("http://a.example\u{3002}b.example/", .missingHost),
        ("http://0x7f.1/", .nonCanonicalAddress), ("http://2130706433/", .nonCanonicalAddress),
        ("http://0177.0.0.1/", .nonCanonicalAddress), ("http://127.1/", .nonCanonicalAddress),
        ("http://[::1%25lo]/", .missingHost), ("http://[::1/", .nonCanonicalAddress), ("http://::1]/", .missingHost),
        ("http://[127.0.0.1]/", .nonCanonicalAddress), ("http://[::1]x/", .missingHost),
        ("http://a.example:/", .missingPort), ("http://a.example:0/", .missingPort),
        ("http://a.example:65536/", .missingPort), ("http://a.example:+80/", .missingPort),
        ("http://a.example:80:81/", .missingPort), ("http://a.example:00000000080/", .missingPort),
    ])
    func `a URL that clients could read otherwise is refused`(_ text: String, _ reason: Reason) {
        #expect(throws: WebURLError(reason)) { try WebURL(Array(text.utf8)) }
    }

    @Test(arguments: [
        ("a.example", UInt16(443), Reason.allowed), ("a.example", 80, .portNotAllowed),
        ("b.example", 443, .protocolNotAllowed), ("c.example", 443, .hostNotAllowlisted),
        ("d.example", 443, .deniedByRule), ("d.example", 80, .allowed),
    ])
    func `a port of a name is decided before the name is resolved`(_ name: String, _ port: UInt16, _ reason: Reason)
        throws
    {
        let policy = try Policy(
            allow: ["a.example:443", "b.example:443/udp", "d.example"].map(Rule.parse),
            deny: [Rule.parse("d.example:443", for: .deny)]
        )
        #expect(policy.decide(host: try Host(name), port: port, protocol: .tcp).reason == reason)
    }
}
