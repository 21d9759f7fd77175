// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@Suite struct HostTests {
    static let longLabel = String(repeating: "a", count: 63)
    static let longName = String((0..<4).map { _ in longLabel }.joined(separator: ".").dropLast(2))

    @Test(arguments: [
        ("example.com", "example.com"), ("EXAMPLE.Com", "example.com"), ("example.com.", "example.com"), ("a", "a"),
        ("_dmarc.example.com", "_dmarc.example.com"), ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("1.2.3.4.example", "1.2.3.4.example"), ("3com.com", "3com.com"), ("a--b.example", "a--b.example"),
        ("1e100.net", "1e100.net"), ("0x7f.example", "0x7f.example"), ("r3---sn-4g5e.example", "r3---sn-4g5e.example"),
        (longName, longName), (longName + ".", longName), ("x.0xg", "x.0xg"), ("a.b.c.d.e.f", "a.b.c.d.e.f"),
    ])
    func `a name is lower-cased and loses one trailing dot`(text: String, name: String) throws {
        #expect(try Host(text).description == name)
    }

    @Test(
        arguments: [
            ("", .empty), (".", .emptyLabel), ("..", .emptyLabel), ("example..com", .emptyLabel),
            (".example.com", .emptyLabel),
            ("example.com..", .emptyLabel), ("bücher.example", .notASCII), ("ｅxample.com", .notASCII),
            ("example。com", .notASCII),
            ("ı.example", .notASCII), ("\u{212a}.example", .notASCII), ("a b", .invalidCharacter(" ")),
            ("a\0b", .invalidCharacter("\0")), ("a/b", .invalidCharacter("/")), ("*.a", .invalidCharacter("*")),
            ("a:1", .invalidCharacter(":")), ("a@b", .invalidCharacter("@")), ("a%2eb", .invalidCharacter("%")),
            ("a\n", .invalidCharacter("\n")), ("-a.b", .hyphenAtEdge), ("a-.b", .hyphenAtEdge), ("-", .hyphenAtEdge),
            (longLabel + "a", .labelTooLong), (longName + "a", .tooLong), (longName + "..", .tooLong),
            ("127.0.0.1", .address), ("127.1", .address), ("0177.1", .address), ("2130706433", .address),
            ("0x7f.1", .address),
            ("0x7f000001", .address), ("foo.0x", .address), ("foo.123", .address), ("1.2.3.4.", .address),
            ("a.09", .address),
            ("1.2.3.4.5", .address), ("::1", .invalidCharacter(":")), ("[::1]", .invalidCharacter("[")),
        ] as [(String, HostError)]
    )
    func `what is no name says why`(text: String, error: HostError) {
        #expect(throws: error) { try Host(text) }
    }

    @Test(arguments: [
        ("a.example.com", "example.com", true), ("a.b.example.com", "example.com", true),
        ("example.com", "example.com", false),
        ("evilexample.com", "example.com", false), ("example.com", "a.example.com", false),
        ("com", "example.com", false),
        ("example.com.evil.net", "example.com", false), ("a.com", "com", true),
    ])
    func `a name is below another only at a dot`(name: String, parent: String, expected: Bool) throws {
        #expect(try Host(name).isBelow(Host(parent)) == expected)
    }

    @Test(arguments: [
        ("localhost", true), ("a.localhost", true), ("LOCALHOST.", true), ("localhost.example", false),
        ("notlocalhost", false), ("a.notlocalhost", false),
    ])
    func `localhost is told with all below it`(name: String, expected: Bool) throws {
        #expect(try Host(name).isLocalhost == expected)
    }
}
