// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@Suite struct WebURLReferenceTests {
    // RFC 3986, sections 5.4.1 and 5.4.2, with its base moved to https.
    @Test(arguments: [
        ("g", "https://a.example/b/c/g"), ("./g", "https://a.example/b/c/g"), ("g/", "https://a.example/b/c/g/"),
        ("/g", "https://a.example/g"), ("//g.example", "https://g.example/"), ("?y", "https://a.example/b/c/d;p?y"),
        ("g?y", "https://a.example/b/c/g?y"), ("#s", "https://a.example/b/c/d;p?q#s"),
        ("g#s", "https://a.example/b/c/g#s"),
        ("g?y#s", "https://a.example/b/c/g?y#s"), (";x", "https://a.example/b/c/;x"),
        ("g;x?y#s", "https://a.example/b/c/g;x?y#s"),
        (".", "https://a.example/b/c/"), ("./", "https://a.example/b/c/"), ("..", "https://a.example/b/"),
        ("../", "https://a.example/b/"), ("../g", "https://a.example/b/g"), ("../..", "https://a.example/"),
        ("../../g", "https://a.example/g"), ("../../../g", "https://a.example/g"),
        ("../../../../g", "https://a.example/g"),
        ("/./g", "https://a.example/g"), ("/../g", "https://a.example/g"), ("g.", "https://a.example/b/c/g."),
        (".g", "https://a.example/b/c/.g"), ("g..", "https://a.example/b/c/g.."), ("..g", "https://a.example/b/c/..g"),
        ("./../g", "https://a.example/b/g"), ("./g/.", "https://a.example/b/c/g/"),
        ("g/./h", "https://a.example/b/c/g/h"),
        ("g/../h", "https://a.example/b/c/h"), ("g;x=1/./y", "https://a.example/b/c/g;x=1/y"),
        ("g?y/./x", "https://a.example/b/c/g?y/./x"), ("g#s/../x", "https://a.example/b/c/g#s/../x"),
        ("http://b.example:81/x", "http://b.example:81/x"), ("//b.example:8443/", "https://b.example:8443/"),
        // Dots that are percent-encoded, as the WHATWG standard has it.
        ("/a/%2e%2E/b", "https://a.example/b"), ("/a/.%2e/b", "https://a.example/b"),
        ("/a/%2e/b", "https://a.example/a/b"),
    ])
    func `a reference is resolved as RFC 3986 says`(_ reference: String, _ result: String) throws {
        let base = try WebURL("https://a.example/b/c/d;p?q")
        #expect(try base.resolving(Array(reference.utf8)).description == result)
    }

    @Test(arguments: [
        ("", Reason.invalidURL), (" /x", .invalidURL), ("/x y", .invalidURL), ("/x\r\n", .invalidURL),
        ("/\\x", .invalidURL),
        ("\\\\evil.example/", .invalidURL), ("/\u{e9}", .invalidURL), ("javascript:alert(1)", .unsupportedScheme),
        ("file:///etc/passwd", .unsupportedScheme), ("https:g", .missingHost), ("///x", .missingHost),
        ("//u@b.example/", .urlCredentialsForbidden), ("//127.1/", .nonCanonicalAddress),
        ("//b.example:0/", .missingPort),
        ("x:y", .unsupportedScheme), (":80", .unsupportedScheme),
    ])
    func `a reference that clients could resolve otherwise is refused`(_ reference: String, _ reason: Reason) throws {
        let base = try WebURL("https://a.example/b/c/d;p?q")
        #expect(throws: WebURLError(reason)) { try base.resolving(Array(reference.utf8)) }
    }

    @Test func `a base keeps its port, and brackets`() throws {
        let base = try WebURL("http://[2606:2800::1]:8080")
        #expect(try base.resolving(Array("x".utf8)).description == "http://[2606:2800::1]:8080/x")
        #expect(try base.resolving(Array("?x".utf8)).description == "http://[2606:2800::1]:8080/?x")
    }

    @Test func `a reference has a bounded length, and dots cost linear time`() throws {
        let base = try WebURL("https://a.example/")
        let most = WebURL.maximumLength - "https://a.example/".utf8.count
        #expect(try base.resolving([UInt8](repeating: 0x61, count: most)).path.utf8.count == most + 1)
        #expect(throws: WebURLError(.invalidURL)) { try base.resolving([UInt8](repeating: 0x61, count: most + 1)) }
        let dots = Array(String(repeating: "a/", count: 2500).utf8) + Array(String(repeating: "../", count: 2500).utf8)
        #expect(try base.resolving(dots).description == "https://a.example/")
    }
}
