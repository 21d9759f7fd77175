// SPDX-License-Identifier: Apache-2.0

import EgressText
import Testing

struct PrintableTests {
    @Test(arguments: [
        ("example.com", "example.com"),
        ("", ""),
        ("a b~", "a b~"),
        ("\u{1b}[2J", "\\u{1b}[2J"),
        ("line\nbreak\r\ttab", "line\\u{a}break\\u{d}\\u{9}tab"),
        ("\u{7f}\u{9b}31m", "\\u{7f}\\u{9b}31m"),
        // CVE-2021-42574 ("Trojan Source"): a right-to-left override hides what follows.
        ("\u{202e}moc.elpmaxe", "\\u{202e}moc.elpmaxe"),
        // A Cyrillic а in place of the Latin one.
        ("ex\u{430}mple.com", "ex\\u{430}mple.com"),
    ])
    func `nothing but printable ASCII reaches a terminal`(text: String, shown: String) {
        #expect(text.printable == shown)
    }

    @Test(arguments: [
        ("abcdef", 6, "'abcdef'"),
        ("abcdefg", 6, "'abcdef...'"),
        ("", 6, "''"),
        ("\u{1b}\u{1b}", 6, "'\\u{1b}...'"),
    ])
    func `a quotation stays short`(text: String, limit: Int, shown: String) {
        #expect(text.quoted(limit: limit) == shown)
    }
}

struct NearestTests {
    static let words = ["allow", "deny", "dns", "unix", "version", "allow_private"]

    @Test(arguments: [
        ("alow", "allow"),
        ("allows", "allow"),
        ("ALLOW", "allow"),
        ("dney", "deny"),
        ("verison", "version"),
        ("allow-private", "allow_private"),
        ("allow_priv", "allow_private"),
        ("dn", "dns"),
    ])
    func `a slip of the hand finds the word that was meant`(word: String, meant: String) {
        #expect(word.nearest(in: Self.words) == meant)
    }

    @Test(arguments: ["", "x", "hosts", "password", String(repeating: "allow", count: 1000)])
    func `a word that is near to none is not guessed at`(word: String) {
        #expect(word.nearest(in: Self.words) == nil)
    }
}
