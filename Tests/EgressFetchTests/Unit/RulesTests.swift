// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressRequests
import NIOCore
import NIOHTTP1
import Testing

@testable import EgressFetch

@Suite struct RulesTests {
    /// RFC 9525, section 6.3.
    @Test(arguments: [
        ("example.com", "example.com", true), ("EXAMPLE.com", "example.com", true),
        ("*.example.com", "a.example.com", true),
        ("*.example.com", "example.com", false), ("*.example.com", "a.b.example.com", false),
        ("a*.example.com", "ab.example.com", false),
        ("*.com", "example.com", false), ("*", "example.com", false), ("*.*.com", "a.b.com", false),
        ("a.*.com", "a.b.com", false),
        ("example.com\0.evil.org", "example.com", false), ("example.com.", "example.com", false),
        ("", "example.com", false),
    ])
    func `a name of a certificate stands for a host or does not`(pattern: String, host: String, matches: Bool) {
        #expect(CertificateName.matches(pattern: Array(pattern.utf8), host) == matches)
    }

    @Test(arguments: [
        ("https://a.example/p?token=abc&x=1", "https://a.example/p?token=REDACTED&x=1"),
        ("https://a.example/p?X-Amz-Signature=abc", "https://a.example/p?X-Amz-Signature=REDACTED"),
        ("https://a.example/p?%74oken=abc", "https://a.example/p?%74oken=REDACTED"),
        ("https://a.example/p?monkey=1&keyword=2&key=3", "https://a.example/p?monkey=1&keyword=2&key=REDACTED"),
        ("https://a.example/#access_token=abc&state=x", "https://a.example/#access_token=REDACTED&state=REDACTED"),
        ("https://a.example?q", "https://a.example/?q"),
    ])
    func `a URL is shown without what looks secret`(text: String, shown: String) throws {
        #expect(RedactedURL.text(try WebURL(text)) == shown)
    }

    @Test(arguments: [
        ("/b", "http://a.example/b#f"), ("b#g", "http://a.example/d/b#g"), ("?x", "http://a.example/d/e?x#f"),
        ("//b.example", "http://b.example/#f"), ("https://a.example/", "https://a.example/#f"),
    ])
    func `a fragment is inherited unless the redirect has its own`(location: String, target: String) throws {
        let url = try Redirect.target(["location": location], of: WebURL("http://a.example/d/e?q#f"))
        #expect("\(url)" == target)
    }

    @Test(arguments: [
        "", "http://", "http://b\u{fffd}.example/", "http://b\u{e9}.example/", "/a b", "/\u{fffd}", "\u{e9}:b",
    ])
    func `a redirect to what is no URL is refused`(location: String) throws {
        let base = try WebURL("http://a.example/")
        #expect(throws: FetchError.self) { try Redirect.target(["location": location], of: base) }
    }

    @Test func `what holds credentials shows none of them when it is printed or reflected`() {
        var scrubber = SecretScrubber()
        scrubber.add(Array("canary".utf8))
        var dumped = ""
        dump(scrubber, to: &dumped)
        for text in ["\(scrubber)", String(reflecting: scrubber), "\([scrubber])", dumped] {
            // Neither as text nor as the numbers of its bytes.
            #expect(!text.contains("canary") && !text.contains("99, 97, 110"), "\(text)")
        }
    }
}
