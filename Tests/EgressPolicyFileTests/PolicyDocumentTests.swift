// SPDX-License-Identifier: Apache-2.0

import EgressDNS
import EgressPolicy
import EgressPolicyFile
import TestSupport
import Testing

private func parse(_ text: String) throws(PolicyFileError) -> PolicyDocument {
    try PolicyDocument.parse(Array(text.utf8), name: "policy.yaml")
}

struct PolicyDocumentTests {
    @Test(arguments: ["everything.yaml", "everything.json", "one-line.json", "windows.yaml"])
    func `YAML and JSON say the same`(file: String) throws {
        let document = try PolicyDocument.parse(try Fixtures.bytes("good/" + file), name: file)
        #expect(
            document.allow.map(\.description) == [
                "example.com", ".example.org:443", "*.example.net", "198.51.100.7", "10.1.0.0/16:5432",
                "[2606:2800::1]:443", "[2606:2800::/32]", "127.0.0.1:5432", "registry.example.com:443,8000-8010/tcp",
                "*.intranet.example.com/private", "10.2.0.0/16:5432", "[2606:2800::7]",
            ]
        )
        #expect(
            document.deny.map(\.description) == [".telemetry.example.com", "10.1.2.0/24", "ads.example.com/udp"]
        )
        #expect(document.allowPrivate)
        #expect(document.upstream.map(\.description) == ["192.0.2.53", "[2001:db8::53]:5353"])
        #expect(document.recordTypes == [.txt, .mx])
        #expect(document.unixPaths == ["/run/postgresql/.s.PGSQL.5432"])
    }

    @Test(arguments: ["version: 1\n", "version: 1", "{version: 1}", "---\nversion: 1\n...\n", "{\"version\":1}"])
    func `a policy that says nothing allows nothing`(text: String) throws {
        #expect(try parse(text) == PolicyDocument())
    }

    @Test(arguments: [
        ("host: example.com", "example.com"),
        ("host: .example.com\n    ports: [443]", ".example.com:443"),
        ("host: '*.example.com'\n    protocols: [udp]", "*.example.com/udp"),
        ("host: example.com\n    ports: [443, 80, 8000-8010, '81']", "example.com:80-81,443,8000-8010"),
        ("host: example.com\n    protocols: [tcp, udp]", "example.com"),
        ("host: example.com\n    private: true\n    ports: [443]", "example.com:443/private"),
        ("host: example.com\n    private: false", "example.com"),
        ("address: 198.51.100.7\n    ports: [53]\n    protocols: [udp]", "198.51.100.7:53/udp"),
        ("address: 10.1.0.0/16\n    ports: [5432]", "10.1.0.0/16:5432"),
        ("address: 2606:2800::/32", "2606:2800::/32"),
        ("address: '[2606:2800::1]'\n    ports: [443]", "[2606:2800::1]:443"),
    ])
    func `a mapping gives the rule of its one-line form`(mapping: String, line: String) throws {
        let document = try parse("version: 1\nallow:\n  - " + mapping + "\n")
        #expect(document.allow == [try Rule.parse(line)])
    }

    @Test func `a deny rule may be as broad as it likes`() throws {
        let document = try parse("version: 1\ndeny: [0.0.0.0/0, .com, {host: .net}]")
        #expect(document.deny.map(\.description) == ["0.0.0.0/0", ".com", ".net"])
    }

    @Test func `the policy in the README is one`() throws {
        let readme = String(decoding: try Fixtures.contents(Fixtures.root + "/README.md"), as: UTF8.self)
        let lines = readme.split(separator: "\n", omittingEmptySubsequences: false)
        let block = lines.drop { $0 != "```yaml" }.dropFirst().prefix { $0 != "```" }
        let document = try parse(block.joined(separator: "\n"))
        #expect(document.allow.count == 5)
        #expect(document.deny.count == 1)
        #expect(document.recordTypes == [.mx])
    }

    // YAML 1.1 would read these as a boolean, a number in base 60 and a float.
    @Test func `no other type is guessed from the look of a name`() throws {
        let document = try parse("version: 1\nallow: [no.example, on.example, 1e3.example, y.example:22]")
        #expect(document.allow.map(\.description) == ["no.example", "on.example", "1e3.example", "y.example:22"])
    }

    @Test func `the place of a rule is that of its text`() {
        let text = "version: 1\nallow:\n  - example.com\n  -   'https://a.example'\n"
        let error = #expect(throws: PolicyFileError.self) { try parse(text) }
        #expect(error?.line == 4)
        #expect(error?.column == 7)
    }

    @Test func `a column counts Unicode scalars, not bytes`() {
        let error = #expect(throws: PolicyFileError.self) { try parse("version: 1\nunix: [/\u{e9}\u{1f600}, x]\n") }
        #expect(error?.column == 13)
    }
}

struct HostileTextTests {
    @Test(arguments: ["[", "{", "[{", "- ", "? ", "{a: ", "&a ", "!t ", "'", "\"", "|\n ", "#", "*a ", "%"])
    func `a repeated bracket neither traps nor takes long`(piece: String) {
        let text = "version: 1\nallow: " + String(repeating: piece, count: 200_000 / piece.utf8.count)
        // Linear reading takes a few milliseconds; a quadratic one takes minutes.
        #expect(processorSeconds { _ = try? parse(text) } < 2)
    }

    // "Billion laughs": nine levels of nine aliases.
    @Test func `aliases cannot expand`() {
        var text = "version: 1\na: &a [x]\n"
        for (name, next) in zip("bcdefghi", "abcdefgh") {
            text += "\(name): &\(name) [" + Array(repeating: "*\(next)", count: 9).joined(separator: ",") + "]\n"
        }
        #expect(throws: PolicyFileError.self) { try parse(text) }
    }

    @Test func `100,000 rules are read in a moment`() throws {
        var text = "version: 1\nallow:\n"
        for number in 0..<100_000 { text += "  - host\(number).example.com:443\n" }
        var document = PolicyDocument()
        let seconds = try processorSeconds { document = try parse(text) }
        #expect(document.allow.count == 100_000)
        #expect(seconds < 10)  // A debug build; optimised it is a fraction of a second.
    }

    @Test func `random text and torn files never trap`() throws {
        var generator = SystemRandomNumberGenerator()
        let whole = try Fixtures.bytes("good/everything.yaml")
        for length in 0..<whole.count {
            _ = try? PolicyDocument.parse(Array(whole.prefix(length)), name: "torn")
        }
        for _ in 0..<2_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            _ = try? PolicyDocument.parse(bytes, name: "changed")
        }
    }

    @Test(arguments: [
        ("[/a]", ["/a"], false), ("[{path: /a}]", ["/a"], false),
        ("[{path: /a, type: stream}, /b]", ["/a", "/b"], false),
        ("[{path: /dev/log, type: datagram}]", ["/dev/log"], true), ("[{path: inside, type: datagram}]", [], true),
        ("[{path: inside, type: datagram}, {path: /a}]", ["/a"], true),
    ])
    func `a unix socket is a path, or one with a type`(_ list: String, paths: [String], datagrams: Bool) throws {
        let document = try PolicyDocument.parse(Array("version: 1\nunix: \(list)\n".utf8), name: "p")
        #expect(document.unixPaths == paths)
        #expect(document.unixDatagrams == datagrams)
    }

    @Test(arguments: [
        ("[{type: datagram}]", "needs 'path'"), ("[{path: /a, type: datagramm}]", "did you mean 'datagram'"),
        ("[{path: inside}]", "not the path"), ("[{path: a, type: datagram}]", "not the path"),
        ("[{path: /a, kind: datagram}]", "unknown key 'kind'"),
    ])
    func `a unix socket that says anything else is refused`(_ list: String, message: String) {
        let error = #expect(throws: PolicyFileError.self) {
            try PolicyDocument.parse(Array("version: 1\nunix: \(list)\n".utf8), name: "p")
        }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "none")")
    }
}
