// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@testable import EgressDNS

@Suite struct DNSNameTests {
    @Test func `names are equal in any case of ASCII letters`() throws {
        // RFC 4343, section 3: only 0x41...0x5A and 0x61...0x7A are folded.
        #expect(try DNSName("WWW.Example.COM") == DNSName("www.example.com."))
        #expect(try DNSName("WWW.Example.COM").hashValue == DNSName("www.example.com").hashValue)
        let bracket = try DNSName(labels: [[UInt8(ascii: "[")]])
        let brace = try DNSName(labels: [[UInt8(ascii: "{")]])
        #expect(bracket != brace)
        #expect(try DNSName("a.b") != DNSName("ab"))
    }

    @Test func `a name keeps its spelling`() throws {
        #expect(try DNSName("WWW.Example.COM").description == "WWW.Example.COM")
    }

    @Test(
        arguments: [
            // RFC 1035, section 5.1, and RFC 4343, section 2.1.
            ([Array("a.b".utf8), Array("c".utf8)], #"a\.b.c"#),
            ([Array(#"a\b"#.utf8)], #"a\\b"#),
            ([[0], [0x1b, 0x5b], [0xff]], #"\000.\027[.\255"#),
            ([], "."),
        ] as [([[UInt8]], String)]
    )
    func `odd octets are escaped for the terminal`(_ labels: [[UInt8]], _ text: String) throws {
        #expect(try DNSName(labels: labels).description == text)
    }

    @Test func `the longest name has 255 octets on the wire`() throws {
        let label = [UInt8](repeating: 0x78, count: 63)
        #expect(try DNSName(labels: [label, label, label, Array(label.dropLast(2))]).wire.count == 255)
        #expect(throws: DNSError(.nameTooLong)) {
            try DNSName(labels: [label, label, label, Array(label.dropLast(1))])
        }
        #expect(throws: DNSError(.badLabel)) { try DNSName(labels: [label + [0x78]]) }
        #expect(throws: DNSError(.badLabel)) { try DNSName("a..b") }
        #expect(throws: DNSError(.badLabel)) { try DNSName("") }
    }

    @Test(arguments: ["example.com", "_dmarc.example.com", "xn--bcher-kva.example", "localhost", "a-b.c"])
    func `a host and its wire form are the same name`(_ text: String) throws {
        let host = try Host(text)
        #expect(DNSName(host).host == host)
        #expect(try DNSName(text.uppercased()).host == host)
    }

    @Test func `a dot inside of a label does not make a host`() throws {
        // The label "evil.example.com" below the root is not the host of that name.
        let trick = try DNSName(labels: [Array("evil.example.com".utf8)])
        #expect(trick.host == nil)
        let inside = try DNSName(labels: [Array("www.example".utf8), Array("com".utf8)])
        #expect(inside.host == nil)
    }

    @Test(arguments: ["exam\0ple.com", "ex ample.com", "büch.example", "*.example.com", "1.2.3.4", "a.0x7f"])
    func `a name that is no host stays one`(_ text: String) throws {
        #expect(try DNSName(text).host == nil)
    }

    @Test func `the root is no host`() {
        #expect(DNSName.root.host == nil)
    }
}
