// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressRequests
import Testing

@Suite struct CredentialBindingTests {
    @Test(arguments: [
        ("https://api.example.com/", true), ("http://api.example.com/", true), ("https://api.example.com:8443/", true),
        ("https://example.com/", false), ("https://a.api.example.com/", false),
        ("https://api.example.com.evil.example/", false),
        ("https://sub.suffix.example/", true), ("https://suffix.example/", true), ("https://below.example/", false),
        ("https://a.below.example/", true), ("https://port.example/", true), ("https://port.example:8443/", false),
        ("https://93.184.216.34/", true), ("https://93.184.216.35/", false), ("https://10.0.0.1/", false),
    ])
    func `a credential is for the hosts it names`(url: String, applies: Bool) throws {
        let hosts = ["api.example.com", ".suffix.example", "*.below.example", "port.example:443", "93.184.216.34"]
        #expect(try binding("authorization", hosts: hosts).applies(to: WebURL(url)) == applies)
        #expect(try !binding("authorization", hosts: []).applies(to: WebURL(url)))
    }

    @Test(arguments: [
        ("https://api.example.com/a", "https://api.example.com/b", true),
        ("https://api.example.com/", "https://sub.suffix.example/", true),
        ("http://api.example.com/", "http://api.example.com/b", true),
        ("http://api.example.com/", "https://api.example.com/", true),
        // Gives TLS up
        ("https://api.example.com/", "http://api.example.com/", false),
        ("https://api.example.com/", "http://api.example.com:443/", false),
        // Leaves the hosts
        ("https://api.example.com/", "https://example.com/", false),
        ("https://api.example.com/", "https://api.example.com.evil.example/", false),
        ("https://api.example.com/", "https://93.184.216.34/", false),
        // Was never theirs
        ("https://evil.example/", "https://api.example.com/", false),
    ])
    func `a credential follows a redirect only to its hosts, and never out of TLS`(
        _ old: String,
        _ new: String,
        _ survives: Bool
    )
        throws
    {
        let plan = CredentialBindingPlan([try binding("authorization", hosts: ["api.example.com", ".suffix.example"])])
        let left = try plan.surviving(redirectFrom: WebURL(old), to: WebURL(new))
        #expect(left.bindings.isEmpty != survives)
    }

    @Test func `what was dropped does not come back`() throws {
        let plan = CredentialBindingPlan([
            try binding("authorization"), try binding("x-api-key", hosts: ["api.example.com", "other.example"]),
        ])
        let (home, away) = (try WebURL("https://api.example.com/"), try WebURL("https://other.example/"))
        let left = plan.surviving(redirectFrom: home, to: away)
        #expect(left.bindings.map(\.header) == ["x-api-key"])
        #expect(left.surviving(redirectFrom: away, to: home).bindings.map(\.header) == ["x-api-key"])
    }

    @Test func `the verdict tells the headers that apply, in lower case and sorted`() async throws {
        let plan = CredentialBindingPlan([
            try binding("X-Api-Key"), try binding("Authorization", prefix: "Bearer "),
            try binding("Cookie", hosts: ["other.example"]),
        ])
        let request = EgressProxyRequest(
            url: "https://api.example.com/",
            policy: try policy(["api.example.com"]),
            credentials: plan
        )
        let verdict = try await evaluate(request, RecordingResolver("api.example.com", ["93.184.216.34"])).get()
        #expect(verdict.credentialHeaders == ["authorization", "x-api-key"])
        #expect(Set(verdict.credentials.map(\.header)) == ["authorization", "x-api-key"])
    }

    @Test(arguments: [("Bearer ", true), ("", true), ("Bearer\r\nX: ", false), ("\u{0}", false), ("\u{e9}", false)])
    func `what stands before the value is held to the same bytes`(prefix: String, isGood: Bool) throws {
        let binding = try binding("authorization", prefix: prefix)
        let result = Result { () throws(EgressPolicyError) in try binding.validate() }
        #expect((try? result.get()) != nil ? isGood : !isGood)
    }
}
