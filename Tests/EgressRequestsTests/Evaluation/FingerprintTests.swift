// SPDX-License-Identifier: Apache-2.0

import Crypto
import EgressPolicy
import Testing

@testable import EgressRequests

@Suite struct FingerprintTests {
    /// The parts of a request, as texts: two requests are the same when these are.
    struct Parts: Hashable {
        var method = "GET"
        var url = "https://api.example.com/v1?a=b"
        var allow = ["api.example.com", ".example.net:443"]
        var deny: [String] = []
        var allowPrivate = false
        var budget: UInt64 = 1000
        var credentials: [[String]] = []

        func request() throws -> EgressProxyRequest {
            EgressProxyRequest(
                method: method,
                url: url,
                policy: try policy(allow, deny: deny, allowPrivate: allowPrivate),
                maxResponseBytes: budget,
                credentials: CredentialBindingPlan(
                    try credentials.map { try binding($0[0], $0[1], hosts: Array($0[3...]), prefix: $0[2]) }
                )
            )
        }

        func encoding() throws -> [UInt8] {
            let request = try request()
            return RequestEncoding(request, try WebURL(request.url)).bytes
        }
    }

    @Test func `the fingerprint is SHA-256 of the encoding, in lower-case hexadecimal`() throws {
        let parts = Parts()
        let digest = SHA256.hash(data: try parts.encoding()).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            .joined()
        let checked = try EgressProxyPolicyService.check(parts.request())
        #expect(checked.fingerprint == digest)
        #expect(digest.utf8.count == 64)
    }

    // Version 1, written out: a change of it needs a new version in the text at its start.
    @Test func `the encoding is as it is documented`() throws {
        var parts = Parts(method: "PUT", url: "http://[2606:2800::1]:81?q#f", allow: [], budget: 258)
        parts.credentials = [["Cookie", "vault:a#b", "s=", "x.example:443"]]
        func field(_ text: String) -> [UInt8] { [0, 0, 0, UInt8(text.utf8.count)] + text.utf8 }
        func number(_ value: UInt16) -> [UInt8] { [0, 0, 0, 0, 0, 0, UInt8(value >> 8), UInt8(value & 0xff)] }
        let policy = field("egress-run policy 1") + number(0) + number(0) + number(0)
        let credential =
            field("cookie") + field("s=") + field("vault") + field("a") + field("b") + number(1)
            + field("x.example:443")
        let expected =
            field("egress-run request 1") + field("PUT") + field("http") + field("2606:2800::1") + number(81)
            + field("/?q")
            + number(258) + [0, 0, 0, 32] + Array(SHA256.hash(data: policy)) + number(1)
            + [0, 0, 0, UInt8(credential.count)] + credential
        #expect(try parts.encoding() == expected)
    }

    @Test func `the order of lists, repeats and the spelling of a host mean nothing`() throws {
        var one = Parts()
        one.allow = ["a.example", "b.example:443", ".c.example"]
        one.deny = ["d.example", "e.example"]
        one.credentials = [
            ["authorization", "vault:a", "", "a.example", "b.example"], ["cookie", "vault:b", "", "a.example"],
        ]
        var other = one
        other.url = "HTTPS://API.EXAMPLE.COM.:443/v1?a=b#fragment"
        other.allow = [".c.example", "b.example:443", "a.example", "A.example."]
        other.deny.reverse()
        other.credentials = [
            ["Cookie", "vault:b", "", "a.example"], ["Authorization", "vault:a", "", "b.example", "a.example"],
        ]
        #expect(try one.encoding() == other.encoding())
    }

    static let changes: [@Sendable (inout Parts) -> Void] = [
        { $0.method = "get" }, { $0.method = "POST" }, { $0.url = "http://api.example.com/v1?a=b" },
        { $0.url = "https://api.example.com:444/v1?a=b" }, { $0.url = "https://api.example.co/mv1?a=b" },
        { $0.url = "https://api.example.com/v1?a=c" }, { $0.url = "https://api.example.com/v1/?a=b" },
        { $0.url = "https://api.example.com/v1a=b" }, { $0.url = "https://api.example.com/v1?" },
        { $0.url = "https://api.example.com/v1" }, { $0.allow = ["api.example.com"] },
        { $0.allow = ["api.example.com", "example.net:443"] }, { $0.allow = ["api.example.com.example.net:443"] },
        { $0.deny = ["api.example.com"] }, { ($0.allow, $0.deny) = ($0.deny, $0.allow) }, { $0.allowPrivate = true },
        { $0.budget = 1001 }, { $0.budget = 1000 << 32 },
        { $0.credentials = [["cookie", "vault:a", "", "b.example"]] },
        { $0.credentials = [["cookie", "vault:a#b", "", "b.example"]] },
        { $0.credentials = [["cookie", "vault:b", "", "b.example"]] },
        { $0.credentials = [["cookie", "env:a", "", "b.example"]] },
        { $0.credentials = [["cookie", "file:a", "", "b.example"]] },
        { $0.credentials = [["cookie", "exec:a", "", "b.example"]] },
        { $0.credentials = [["cookie", "vault:a", "a", "b.example"]] },
        { $0.credentials = [["cookiea", "vault:a", "", "b.example"]] },
        { $0.credentials = [["cookie", "vault:a", "", "c.example"]] },
        { $0.credentials = [["cookie", "vault:a", ""]] },
        { $0.credentials = [["cookie", "vault:a", "", "b.example", "c.example"]] },
        { $0.credentials = [["cookie", "vault:a", "", "b.example"], ["cookie", "vault:a", "", "c.example"]] },
    ]

    @Test func `any change makes another encoding, and no two changes the same`() throws {
        var seen: [[UInt8]: Int] = [try Parts().encoding(): -1]
        for (index, change) in Self.changes.enumerated() {
            var parts = Parts()
            change(&parts)
            let twin = seen.updateValue(index, forKey: try parts.encoding())
            #expect(twin == nil, "\(index) is encoded as \(twin ?? 0)")
        }
    }

    /// Texts made to be mistaken for one another when they are joined: short, alike, with numbers and separators in them.
    @Test func `random requests have the same encoding only when they are the same`() throws {
        var random = SplitMix(state: 5)
        func pick<T>(_ choices: [T]) -> T { choices[Int.random(in: choices.indices, using: &random)] }
        var seen: [[UInt8]: Parts] = [:]
        for _ in 0..<4000 {
            var parts = Parts()
            parts.method = pick(["A", "AA", "AAA", "Ahttp"])
            parts.url =
                pick(["http", "https"]) + "://" + pick(["a.example", "aa.example", "a.examplea"])
                + pick(["", ":81", ":811"])
                + pick(["/", "/a", "/a/", "/aa", "/a?", "/a?a", "/?aa"])
            parts.allow = Array(
                Set((0..<Int.random(in: 0...3, using: &random)).map { _ in pick(["a.b", "a.bb", ".a.b", "a.b:4"]) })
            ).sorted()
            parts.deny = Array(
                Set((0..<Int.random(in: 0...2, using: &random)).map { _ in pick(["a.b", "a.bb", ".a.b"]) })
            ).sorted()
            parts.budget = pick([1, 256, 1 << 32])
            parts.credentials = (0..<Int.random(in: 0...2, using: &random)).map { _ in
                [
                    pick(["a", "aa"]), pick(["vault:a", "vault:aa", "vault:a#a"]), pick(["", "a"]),
                    pick(["a.b", "a.bb"]),
                ]
            }
            parts.credentials.sort { $0.lexicographicallyPrecedes($1) }
            let twin = seen.updateValue(parts, forKey: try parts.encoding())
            #expect(twin == nil || twin == parts)
        }
        #expect(seen.count > 3000)
    }

    @Test func `a policy is told by its rules, not by how they are listed`() throws {
        let one = try policy(["a.example", "b.example"], deny: ["c.example"])
        let other = try policy(["b.example", "a.example", "b.example"], deny: ["c.example"])
        #expect(one.storage.digest == other.storage.digest)
        #expect(one.storage.digest != (try policy(["a.example"], deny: ["c.example", "b.example"])).storage.digest)
    }
}

/// The same random numbers in every run, so that a failure can be repeated (SplitMix64, Steele, Lea, Flood 2014).
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
