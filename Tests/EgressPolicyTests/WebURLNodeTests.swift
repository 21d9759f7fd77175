// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import TestSupport
import Testing

/// Compares with the WHATWG parser of Node.js over generated texts.
@Suite struct WebURLNodeTests {
    private static let seeds = [
        "https://example.com/", "http://a.example:8080/x?y=z#f", "https://93.184.216.34:1/",
        "http://[2606:2800::1]:443/a",
        "http://[::ffff:1.2.3.4]/", "HTTP://EXAMPLE.com./..//a/%2e%2E/b", "https://xn--bcher-kva.example/%00?%zz",
        "ws://x-y_z.example#",
        "http://127.0.0.1", "wss://1.example.0x1", "http://a@b:c@d.example/", "http://0x7f.1/",
        "https://a--b.c0.example:00443",
    ]

    /// Bytes that parsers treat specially, and a few that none does.
    private static let bytes =
        Array(":/?#[]@!$&'()*+,;=%\\\"<>^`{|}~ \t\n\r\u{0}\u{b}\u{7f}.-_0179aAxXgZ".utf8) + [0x80, 0xe3, 0xff]

    private static func text(_ random: inout SeededGenerator) -> [UInt8] {
        var text = Array(random.pick(seeds).utf8)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0...text.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0, 1: text.insert(random.pick(bytes), at: place)
            case 2 where place < text.count: text[place] = random.pick(bytes)
            case 3 where place < text.count: text.remove(at: place)
            default:
                let other = Array(random.pick(seeds).utf8)
                text = Array(text[..<place] + other[Int.random(in: 0..<other.count, using: &random)...])
            }
        }
        return text
    }

    private static func told(_ url: WebURL) -> String {
        let usual: UInt16 = url.isSecure ? 443 : 80
        let host: String
        switch url.host {
        case .address(.v6(let address)): host = "[\(IPAddress.v6(address).networkBytes)]"
        default: host = url.host.description
        }
        return "\(url.scheme): \(host) \(url.port == usual ? "" : "\(url.port)")"
    }

    /// What Node says, line by line; IPv6 addresses are told by their bytes, as above.
    private static let script = """
        const lines = require('fs').readFileSync(0, 'latin1').split('\\n').slice(0, -1);
        const bytes = (text) => {
          const halves = text.split('::').map((half) => half ? half.split(':').map((group) => parseInt(group, 16)) : []);
          const groups = halves.length < 2 ? halves[0]
            : [...halves[0], ...Array(8 - halves[0].length - halves[1].length).fill(0), ...halves[1]];
          return '[[' + groups.flatMap((group) => [group >> 8, group & 255]).join(', ') + ']]';
        };
        for (const line of lines) {
          try {
            const url = new URL(line);
            const host = url.hostname.startsWith('[') ? bytes(url.hostname.slice(1, -1)) : url.hostname.replace(/\\.$/, '');
            console.log(url.username || url.password ? 'credentials' : `${url.protocol} ${host} ${url.port}`);
          } catch { console.log('refused'); }
        }
        """

    @Test func `what is accepted, Node reads with the same scheme, host and port`() throws {
        var random = SeededGenerator(seed: 2026)
        var accepted: [(text: [UInt8], url: WebURL)] = []
        for _ in 0..<60_000 {
            let text = Self.text(&random)
            guard let url = try? WebURL(text) else { continue }
            accepted.append((text, url))
        }
        #expect(accepted.count > 5000)
        let input: [UInt8] = Array(accepted.map(\.text).joined(separator: [0x0a])) + [0x0a]
        let outcome = try outcome(of: ["node", "-e", Self.script], input: input)
        let answers = outcome.standardOutput.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        try #require(answers.count == accepted.count, "\(outcome.standardError)")
        var refusals = 0
        for ((text, url), answer) in zip(accepted, answers) {
            // Whether IDNA admits a label is a matter of its tables; nobody reads such a name as leading elsewhere.
            if answer == "refused", url.host.description.contains("xn--") {
                refusals += 1
                continue
            }
            #expect(Self.told(url) == answer, "\(String(decoding: text, as: UTF8.self))")
        }
        #expect(refusals < 100)
    }
}
