// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import EgressPolicy

@Suite struct PunycodeTests {
    // RFC 3492, section 7.1, and names that are in use.
    @Test(arguments: [
        ("egbpdaj6bu4bxfgehfvwxn", "ليهمابتكلموشعربي؟"), ("ihqwcrb4cv8a8dqg056pqjye", "他们为什么不说中文"),
        ("4dbcagdahymbxekheh6e0a7fei0b", "למההםפשוטלאמדבריםעברית"), ("bcher-kva", "bücher"), ("mnchen-3ya", "münchen"),
        ("80ak6aa92e", "аррӏе"), ("ls8h", "💩"), ("fa-hia", "faß"), ("3xa", "ς"), ("a-vbb", "a\u{300}"),
    ])
    func `a label is decoded`(encoded: String, text: String) {
        #expect(Punycode.decode(Array(encoded.utf8)[...]) == Array(text.unicodeScalars))
    }

    @Test(arguments: [
        ("plain", true), ("xn-plain", true), ("xn--bcher-kva", true), ("xn--ls8h", true), ("xn--fa-hia", true),
        // Nothing, ASCII only, cut off, no digit, too large a number, a surrogate
        ("xn--", false), ("xn--a-", false), ("xn--bcher-kv", false), ("xn--a_", false), ("xn--99999999", false),
        ("xn--ib9b", false),
        // What would be mapped is written as mapped (web-platform-tests); U+0080; a mark at the start
        ("xn--pokxncvks", false), ("xn--a", false), ("xn--ksa", false),
    ])
    func `a label that browsers refuse is not sound`(label: String, isSound: Bool) {
        #expect(Punycode.isSound(Array(label.utf8)[...]) == isSound)
    }

    @Test func `no label traps`() {
        var random = SeededGenerator(seed: 9)
        let letters = Array("abcxyz0189-_".utf8)
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...63, using: &random)
            _ = Punycode.isSound(("xn--".utf8 + (0..<length).map { _ in random.pick(letters) })[...])
        }
    }
}
