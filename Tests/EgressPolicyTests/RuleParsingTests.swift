// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@Suite struct RuleParsingTests {
    @Test(arguments: [
        ("example.com", "example.com"), ("example.com:443", "example.com:443"), (".example.com", ".example.com"),
        ("*.example.com:443", "*.example.com:443"), ("Example.COM.:443", "example.com:443"), ("db:5432", "db:5432"),
        ("example.com:443,80", "example.com:80,443"), ("example.com:8000-8010", "example.com:8000-8010"),
        ("example.com:1-3,4,2", "example.com:1-4"), ("example.com:65535", "example.com:65535"),
        ("example.com:1-65535,80", "example.com:1-65535"), ("example.com:443/tcp", "example.com:443/tcp"),
        ("example.com/UDP", "example.com/udp"), ("intranet.example/private", "intranet.example/private"),
        ("a.example:443/private/tcp", "a.example:443/tcp/private"), ("_sip._udp.example.com", "_sip._udp.example.com"),
        ("93.184.216.34", "93.184.216.34"), ("93.184.216.34:443", "93.184.216.34:443"), ("10.0.0.0/8", "10.0.0.0/8"),
        ("10.1.0.0/16:5432", "10.1.0.0/16:5432"), ("10.1.0.0/16:5432/tcp", "10.1.0.0/16:5432/tcp"),
        ("10.0.0.1/32", "10.0.0.1"), ("10.0.0.1/32:80", "10.0.0.1:80"), ("[2606:2800::1]", "[2606:2800::1]"),
        ("[2606:2800::1]:443", "[2606:2800::1]:443"), ("[2606:2800:0::0001]:443/tcp", "[2606:2800::1]:443/tcp"),
        ("2606:2800::/32", "[2606:2800::/32]"), ("2606:2800::/32:443", "[2606:2800::/32]:443"),
        ("[2606:2800::/32]:443", "[2606:2800::/32]:443"), ("[2606:2800::1/128]", "[2606:2800::1]"),
        ("[::ffff:10.0.0.1]:80", "10.0.0.1:80"), ("::ffff:10.1.0.0/112", "10.1.0.0/16"),
        ("127.0.0.1:5432", "127.0.0.1:5432"),
        ("[::1]:5432", "[::1]:5432"), ("169.254.169.254:80", "169.254.169.254:80"),
        ("224.0.0.251:5353", "224.0.0.251:5353"),
        (".internal", ".internal"), ("*.test", "*.test"), (".example.co.uk", ".example.co.uk"), ("com", "com"),
        ("github.io", "github.io"), (".amazonaws.com", ".amazonaws.com"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ])
    func `a rule is read, printed in its one form, and read again`(text: String, canonical: String) throws {
        let rule = try Rule.parse(text)
        #expect(rule.description == canonical)
        #expect(try Rule.parse(canonical) == rule)
    }

    // The advice is part of the answer: what stands in the third column must be said.
    static let mistakes: [(String, RuleError.Code, String)] = [
        ("", .empty, "such as example.com:443"), (":443", .empty, "missing"), ("*", .wildcard, "every host"),
        ("*:443", .wildcard, "every host"), ("*.", .wildcard, "every host"), (".", .wildcard, "every host"),
        ("*.*.example.com", .wildcard, "whole first label"), ("a*.example.com", .wildcard, "whole first label"),
        ("api.*.example.com", .wildcard, "whole first label"), ("**.example.com", .wildcard, "whole first label"),
        ("*example.com", .wildcard, "whole first label"), ("*.com", .overBroad, "anyone can register"),
        (".com", .overBroad, ".example.com"), (".com:443", .overBroad, "anyone"), (".COM.", .overBroad, "anyone"),
        (".co.uk", .overBroad, "anyone"), ("*.com.au:443", .overBroad, "anyone"), (".github.io", .overBroad, "anyone"),
        ("example..com", .invalidName, "empty"), ("..example.com", .invalidName, "empty"),
        ("*..com", .invalidName, "empty"),
        ("exa mple.com", .invalidName, "not ' '"), ("example.com ", .invalidName, "letters"),
        (" example.com", .invalidName, "letters"), ("a.com,b.com", .invalidName, "not ','"),
        ("-a.com", .invalidName, "hyphen"),
        ("bücher.example", .notASCII, "punycode"), ("*.пример", .notASCII, "punycode"),
        ("https://example.com", .notAHost, "give a host, not a URL: example.com:443"),
        ("http://example.com/a?b#c", .notAHost, "not a URL: example.com:80"),
        ("https://user:pw@example.com:8443/x", .notAHost, "not a URL: example.com:8443"),
        ("https://[2606:2800::1]/x", .notAHost, "not a URL: [2606:2800::1]:443"), ("://", .notAHost, "example.com:443"),
        ("gopher://example.com", .notAHost, "not a URL: example.com"),
        ("user@example.com", .notAHost, "user name: example.com"),
        ("example.com/path", .notAHost, "without a path: example.com"),
        ("example.com:443/path", .notAHost, "path: example.com"),
        ("example.com/", .notAHost, "without a path: example.com"), ("a b/8", .notAHost, "10.1.0.0/16"),
        ("0177.1", .nonCanonicalAddress, "write 127.0.0.1"), ("2130706433", .nonCanonicalAddress, "write 127.0.0.1"),
        ("0x7f.1", .nonCanonicalAddress, "write 127.0.0.1"), ("127.1:80", .nonCanonicalAddress, "write 127.0.0.1"),
        ("*.0x7f.1", .nonCanonicalAddress, "write 127.0.0.1"), ("1.2.3.256", .nonCanonicalAddress, "0 to 255"),
        ("1.2.3.4.5", .nonCanonicalAddress, "0 to 255"), ("10/8", .nonCanonicalAddress, "0.0.0.10"),
        ("010.0.0.0/8", .nonCanonicalAddress, "8.0.0.0"), ("[2606::1::2]", .nonCanonicalAddress, "2606:2800::1"),
        ("[:1]", .nonCanonicalAddress, "2606:2800::1"), ("2606:2800::1", .missingBrackets, "[2606:2800::1]:443"),
        ("::1:5432", .missingBrackets, "brackets"), ("a:b:c", .missingBrackets, "too many colons"),
        ("[2606::1", .missingBrackets, "']' is missing"), ("[example.com]:443", .missingBrackets, "example.com:443"),
        ("[10.0.0.1]", .missingBrackets, "10.0.0.1"), ("[fe80::1%eth0]:80", .zone, "no zone: fe80::1"),
        ("fe80::1%eth0", .missingBrackets, "zone"), ("0.0.0.0/0", .overBroad, "/8"), ("::/0", .overBroad, "/16"),
        ("8.0.0.0/7", .overBroad, "/8"), ("2000::/3", .overBroad, "/16"), ("[::ffff:0:0/96]", .overBroad, "/8"),
        ("10.0.0.1/8", .hostBitsSet, "write 10.0.0.0/8"), ("10.1.2.3/8:80", .hostBitsSet, "10.0.0.0/8"),
        ("2606:2800::1/32", .hostBitsSet, "2606:2800::/32"), ("10.0.0.0/33", .badPrefixLength, "0 to 32"),
        ("2606::/129", .badPrefixLength, "0 to 128"), ("10.0.0.0/08", .badPrefixLength, "0 to 32"),
        ("10.0.0.0/", .badPrefixLength, "0 to 32"), ("10.0.0.0/8x", .badPrefixLength, "0 to 32"),
        ("example.com:", .badPort, "drop the colon"), ("example.com:0", .badPort, "port 0"),
        ("example.com:65536", .badPort, "65535"), ("example.com:https", .badPort, "number"),
        ("a.b:-1", .badPort, "number"),
        ("a.b:+80", .badPort, "number"), ("a.b:080", .badPort, "leading zeros"), ("a.b:80,", .badPort, "number"),
        ("a.b:90-80", .badPort, "80-90"), ("a.b:80-", .badPort, "number"), ("a.b:1-2-3", .badPort, "number"),
        ("a.b: 80", .badPort, "number"), ("a.b:*", .badPort, "number"), ("a.b:99999999999999999999", .badPort, "65535"),
        ("[::1]443", .badPort, "colon"), ("a.b:４４３", .badPort, "number"), ("a.b/tcp/tcp", .badProtocol, "once"),
        ("a.b/tcp/udp", .badProtocol, "once"), ("a.b/private/private", .badProtocol, "once"),
        ("localhost:5432", .loopback, "127.0.0.1"), (".localhost", .loopback, "127.0.0.1"),
        ("x.localhost", .loopback, "127.0.0.1"),
        ("127.0.0.1", .loopback, "127.0.0.1:5432"), ("[::1]", .loopback, "[::1]:5432"),
        ("127.0.0.0/8:80", .loopback, "one"),
        ("127.0.0.0/24:80", .loopback, "one"), ("::/16", .loopback, "one"),
        ("224.0.0.0/8", .neverMatches, "one by one"),
        ("fe80::/16", .neverMatches, "one by one"), ("0.0.0.0/8", .neverMatches, "one by one"),
    ]

    @Test(arguments: mistakes)
    func `a mistake is told with what to write instead`(text: String, code: RuleError.Code, advice: String) throws {
        let error = try #require(throws: RuleError.self) { try Rule.parse(text) }
        #expect(error.code == code)
        #expect(error.hint.contains(advice), "\(error)")
        #expect(error.input == text)
    }

    @Test func `every kind of mistake has a row`() {
        #expect(Set(Self.mistakes.map(\.1)) == Set(RuleError.Code.allCases))
    }

    @Test(arguments: [
        ".com", "*.ru", "0.0.0.0/0", "::/0", "2000::/3", "127.0.0.1", "224.0.0.0/4", ".co.uk", "fe80::/10",
    ])
    func `a deny rule may be as broad as it likes`(text: String) throws {
        #expect(throws: RuleError.self) { try Rule.parse(text, for: .allow) }
        #expect(throws: Never.self) { try Rule.parse(text, for: .deny) }
    }

    @Test(arguments: ["*", "a*b", "0177.1", "a.b:0", "a.b/private", "10.0.0.1/8"])
    func `a deny rule is read no less strictly`(text: String) {
        #expect(throws: RuleError.self) { try Rule.parse(text, for: .deny) }
    }

    @Test func `a field without ports takes an IPv6 address bare or in brackets`() throws {
        let address = try #require(IPAddress("2606:2800::1"))
        #expect(try Rule.Target.parse("2606:2800::1") == .address(address))
        #expect(try Rule.Target.parse("[2606:2800::1]") == .address(address))
        #expect(throws: RuleError.self) { try Rule.Target.parse("[[2606:2800::1]]:1") }
    }

    @Test func `a rule made of parts is checked like one that was read`() throws {
        let host = Rule.Target.host(try Host("example.com"))
        #expect(throws: Never.self) { try Rule(target: host).check(for: .allow) }
        #expect(throws: RuleError(.neverMatches, input: "", hint: "")) {
            try Rule(target: host, ports: []).check(for: .allow)
        }
        #expect(throws: RuleError(.badProtocol, input: "", hint: "")) {
            try Rule(target: host, protocols: []).check(for: .deny)
        }
    }

    @Test(arguments: ["", "https://", "u@", "[", "a%", "1.2.3.4/"])
    func `a message quotes hostile input harmlessly and briefly`(start: String) throws {
        let text = start + "\u{1b}[2J\n\u{202e}" + String(repeating: "x", count: 500)
        let error = try #require(throws: RuleError.self) { try Rule.parse(text) }
        #expect(error.description.unicodeScalars.allSatisfy { (0x20..<0x7f).contains($0.value) })
        #expect(error.description.utf8.count < 500)
    }
}
