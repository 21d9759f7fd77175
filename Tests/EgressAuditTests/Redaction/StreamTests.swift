// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import Testing

/// The output and the findings of a stream that is read in pieces.
private func stream(_ text: [UInt8], _ secrets: KnownSecrets, cuts: [Int]) -> ([UInt8], [RedactionFinding]) {
    var redactor = Redactor(secrets)
    var output: [UInt8] = []
    var findings: [RedactionFinding] = []
    var start = 0
    for cut in cuts + [text.count] {
        output += redactor.redact(text[start..<cut])
        findings += redactor.takeFindings()
        start = cut
    }
    output += redactor.finish()
    return (output, findings + redactor.takeFindings())
}

struct StreamTests {
    private let secrets: KnownSecrets

    init() throws {
        secrets = try KnownSecrets(["correct horse", "abcabcabd", "s/p+e\"c\u{e9}"].map { Array($0.utf8) })
    }

    @Test func `a secret is found wherever a read ends`() {
        for sample in SecretSample.all(copies: 1, seed: 2) {
            let text = Array(("before " + sample.text + " after\n").utf8)
            let whole = stream(text, secrets, cuts: [])
            for cut in stride(from: 0, through: text.count, by: text.count > 2000 ? 97 : 1) {
                let parts = stream(text, secrets, cuts: [cut])
                guard parts.0 == whole.0, parts.1 == whole.1 else {
                    Issue.record("cut at \(cut): \(sample)\n\(String(decoding: parts.0.prefix(300), as: UTF8.self))")
                    break
                }
            }
            let bytewise = stream(text, secrets, cuts: text.count > 2000 ? [] : Array(0..<text.count))
            #expect(bytewise.0 == whole.0, "byte by byte: \(sample)")
        }
    }

    @Test func `random pieces of random texts give what one piece gives`() {
        var generator = SeededGenerator(seed: 3)
        let samples = SecretSample.all(copies: 2, seed: 4).map(\.text)
        let words =
            [
                "abcabcabcabd", "correct ", "horse", "-----BEGIN PRIVATE KEY-----", "-----END", "eyJ",
                "eyJhbGciOiJIUzI1.", "token=", "\"", "\n",
            ]
            + [
                "password: ", "Authorization: Bearer ", "://a:", "@", "\\", "Cookie: a=", "sk-", "ghp_", "%3D", "'",
                "A", " ", "-",
            ]
        for _ in 0..<150 {
            var text: [UInt8] = []
            for _ in 0..<Int.random(in: 1...12, using: &generator) {
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: text += (samples.randomElement(using: &generator) ?? "").utf8
                case 1:
                    let word = words.randomElement(using: &generator) ?? ""
                    text +=
                        String(
                            repeating: word,
                            count: Int.random(in: 1...3000, using: &generator) / word.utf8.count + 1
                        ).utf8
                default: text += (words.randomElement(using: &generator) ?? "").utf8
                }
            }
            let whole = stream(text, secrets, cuts: [])
            let cuts = (0..<Int.random(in: 1...20, using: &generator)).map { _ in
                Int.random(in: 0...text.count, using: &generator)
            }
            let parts = stream(text, secrets, cuts: cuts.sorted())
            #expect(parts.0 == whole.0, "\(cuts.sorted()) of \(String(decoding: text.prefix(200), as: UTF8.self))")
            #expect(parts.1 == whole.1)
        }
    }

    @Test func `what is between the findings is what was read`() {
        for sample in SecretSample.all(copies: 1, seed: 5) {
            let text = Array(sample.text.utf8)
            let (output, findings) = stream(text, secrets, cuts: [])
            var expected: [UInt8] = []
            var position = 0
            for finding in findings {
                expected += text[position..<finding.offset] + Array(finding.kind.marker.utf8)
                position = finding.offset + finding.length
            }
            #expect(output == expected + text[position...], "\(sample)")
        }
    }

    @Test func `a result has nothing more to redact`() {
        for sample in SecretSample.all(copies: 2, seed: 6) {
            let once = Redactor.redact(sample.text)
            #expect(Redactor.redact(once) == once)
        }
    }

    @Test(arguments: [
        "GET /index.html 200\n", "password: hunter2\n", "Authorization: Bearer abcdefghijklmnop1\n", "token = \n",
        "eyJhbGciOi\n",
        "-----BEGIN \n", "a line that ends in pass\n", "x=sk-\n",
    ])
    func `a line is written when it ends`(line: String) {
        var redactor = Redactor()
        let output = redactor.redact(Array(line.utf8))
        #expect(output.last == UInt8(ascii: "\n"), "\(String(decoding: output, as: UTF8.self))")
    }

    @Test func `of a line that has not ended only a few bytes are held back`() {
        var redactor = Redactor()
        let text = "progress: 42%, 17 of 40 files"
        #expect(redactor.redact(Array(text.utf8)).count >= text.utf8.count - 3)
    }

    @Test(arguments: [4094, 4095, 4096, 4097, 4098, 200_000])
    func `a secret longer than the window is redacted to its end`(length: Int) {
        for prefix in ["token=", "password=\"", "Authorization: Bearer ", "Cookie: a=", "bearer ", "ghp_", "x://u:"] {
            let text =
                prefix + String(repeating: "a1B2", count: length / 4 + 1).prefix(length)
                + (prefix.hasSuffix("u:") ? "@host" : "") + "\nnext"
            let result = Redactor.redact(text)
            #expect(!result.contains("a1B2"), "\(prefix)")
            #expect(result.hasSuffix("\nnext"), "\(prefix)")
        }
    }

    @Test func `memory stays bounded, whatever is held back`() {
        for text in ["eyJhbGciOiJIUzI1NiJ9", "-----BEGIN PRIVATE KEY-----\n", "password=\"", "abcabcab", "://a:b"] {
            var redactor = Redactor(secrets)
            let piece = Array(String(repeating: text, count: 2000).utf8)
            var (read, written) = (0, 0)
            for _ in 0..<10 {
                let output = redactor.redact(piece)
                read += piece.count
                written += output.count + redactor.takeFindings().reduce(0) { $0 + $1.length }
            }
            written += redactor.finish().count
            written += redactor.takeFindings().reduce(0) { $0 + $1.length }
            #expect(written >= read, "\(text)")
        }
    }
}
