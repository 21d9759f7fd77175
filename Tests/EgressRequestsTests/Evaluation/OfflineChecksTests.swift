// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressRequests
import Testing

/// What is decided before any name is resolved. Each row stands beside one that passes, so that it is the one thing that
/// differs which decides; the resolver has an answer for every name, and must not be asked.
@Suite struct OfflineChecksTests {
    private func evaluated(
        _ url: String,
        method: String = "GET",
        allow: [String] = ["api.example.com:443", "api.example.com:80", "93.184.216.34"],
        budget: UInt64 = 1000,
        credentials: [CredentialBinding] = []
    ) async throws -> (reason: Reason, asked: [String]) {
        let resolver = RecordingResolver("api.example.com", ["93.184.216.34"])
        let request = EgressProxyRequest(
            method: method,
            url: url,
            policy: try policy(allow),
            maxResponseBytes: budget,
            credentials: CredentialBindingPlan(credentials)
        )
        return (await evaluate(request, resolver).reason, resolver.asked)
    }

    @Test(arguments: [
        "https://api.example.com/", "http://api.example.com", "HTTPS://API.Example.COM:443/a?b#c",
        "https://api.example.com./", "http://api.example.com:80/%41",
    ])
    func `an allowed URL is resolved once`(url: String) async throws {
        let (reason, asked) = try await evaluated(url)
        #expect(reason == .allowed)
        #expect(asked == ["api.example.com"])
    }

    @Test(arguments: [
        ("ftp://api.example.com/", Reason.unsupportedScheme), ("ws://api.example.com/", .unsupportedScheme),
        ("wss://api.example.com/", .unsupportedScheme), ("file:///etc/passwd", .unsupportedScheme),
        ("api.example.com", .unsupportedScheme), ("", .unsupportedScheme),
        ("gopher://api.example.com/", .unsupportedScheme), ("data:text/plain,x", .unsupportedScheme),
        ("https://user@api.example.com/", .urlCredentialsForbidden),
        ("https://:@api.example.com/", .urlCredentialsForbidden),
        ("https://u:p@api.example.com/", .urlCredentialsForbidden),
        ("https://", .missingHost), ("https:///x", .missingHost), ("https:api.example.com", .missingHost),
        ("https://api.example.com\\@x/", .urlCredentialsForbidden), ("https://api.example.com\\x/", .missingHost),
        ("https://api%2eexample.com/", .missingHost), ("https://\u{ff41}pi.example.com/", .missingHost),
        ("https://api.example.com:/", .missingPort), ("https://api.example.com:0/", .missingPort),
        ("https://api.example.com:65536/", .missingPort), ("https://api.example.com:4 43/", .missingHost),
        ("http://127.1/", .nonCanonicalAddress), ("http://0x5db8d822/", .nonCanonicalAddress),
        ("http://[fe80::1%25eth0]/", .missingHost), ("http://1572395042/", .nonCanonicalAddress),
        ("https://api.example.com/a b", .invalidURL), ("https://api.example.com/\t", .invalidURL),
        ("https://api.example.com/\r\nX: y", .invalidURL), ("https://api.example.com/\u{0}", .invalidURL),
        ("https://api.example.com/a\\b", .invalidURL), ("https://api.example.com/?\u{e9}", .invalidURL),
        ("https://api.example.com/#\u{7f}", .invalidURL), ("https://api.example.com/%4", .invalidURL),
        ("https://api.example.com/" + String(repeating: "a", count: WebURL.maximumLength), .invalidURL),
        ("https://other.example.com/", .hostNotAllowlisted), ("https://example.com/", .hostNotAllowlisted),
        ("https://x.api.example.com/", .hostNotAllowlisted),
        ("https://api.example.com.evil.example/", .hostNotAllowlisted),
        ("https://api.example.com:8443/", .portNotAllowed),
        ("http://93.184.216.35/", .hostNotAllowlisted), ("http://[2606:2800::1]/", .hostNotAllowlisted),
        ("http://10.0.0.1/", .privateTargetBlocked), ("http://127.0.0.1/", .privateTargetBlocked),
        ("http://[::1]/", .privateTargetBlocked), ("http://[::ffff:10.0.0.1]/", .privateTargetBlocked),
        ("http://169.254.169.254/latest/meta-data/", .metadataBlocked), ("http://[fd00:ec2::254]/", .metadataBlocked),
        ("http://localhost/", .hostNotAllowlisted),
    ])
    func `what is denied by its URL is never resolved`(url: String, reason: Reason) async throws {
        let result = try await evaluated(url)
        #expect(result.reason == reason)
        #expect(result.asked.isEmpty)
    }

    @Test func `empty lists allow nothing`() async throws {
        for url in ["https://api.example.com/", "http://93.184.216.34/", "http://127.0.0.1/", "http://localhost/"] {
            let request = try EgressProxyRequest(url: url, allowedHosts: [], allowPrivateTargets: true)
            let resolver = RecordingResolver("api.example.com", ["93.184.216.34"])
            #expect(await evaluate(request, resolver).reason != .allowed, "\(url)")
            #expect(resolver.asked.isEmpty)
        }
    }

    @Test(arguments: [(0 as UInt64, Reason.invalidResponseBudget), (1, .allowed), (UInt64.max, .allowed)])
    func `a response of no bytes is no budget`(budget: UInt64, reason: Reason) async throws {
        let result = try await evaluated("https://api.example.com/", budget: budget)
        #expect(result.reason == reason)
        #expect(result.asked.isEmpty == (reason != .allowed))
    }

    @Test(arguments: [
        ("GET", Reason.allowed), ("POST", .allowed), ("M-SEARCH", .allowed), ("", .invalidMethod),
        ("GET ", .invalidMethod), ("GET\r\nX: y", .invalidMethod), ("G\u{c9}T", .invalidMethod),
        ("CONNECT", .invalidMethod), ("connect", .invalidMethod), ("TRACE", .invalidMethod), ("track", .invalidMethod),
        (String(repeating: "A", count: 32), .allowed), (String(repeating: "A", count: 33), .invalidMethod),
    ])
    func `a method is a token, and no tunnel or echo`(method: String, reason: Reason) async throws {
        let result = try await evaluated("https://api.example.com/", method: method)
        #expect(result.reason == reason)
        #expect(result.asked.isEmpty == (reason != .allowed))
    }

    @Test(arguments: [
        ("authorization", "vault:token", Reason.allowed),
        ("authorization", "exec:cat /key", .execCredentialSourceForbidden),
        ("authorization", "env:TOKEN", .credentialSourceForbidden),
        ("authorization", "file:/key", .credentialSourceForbidden),
        ("x-forwarded-for", "vault:token", .invalidCredentialHeader),
        ("accept", "vault:token", .invalidCredentialHeader),
    ])
    func `a credential that may not be used denies the request`(header: String, source: String, reason: Reason)
        async throws
    {
        // Also when the binding is for another host: a plan is taken whole or not at all.
        for hosts in [["api.example.com"], ["other.example"], []] {
            let result = try await evaluated(
                "https://api.example.com/",
                credentials: [try binding(header, source, hosts: hosts)]
            )
            #expect(result.reason == reason)
            #expect(result.asked.isEmpty == (reason != .allowed))
        }
    }

    @Test func `two credentials for one header are none`() async throws {
        let one = try binding("authorization", "vault:a")
        let other = try binding("Authorization", "vault:b", hosts: [".example.com"])
        let elsewhere = try binding("Authorization", "vault:b", hosts: ["b.example"])
        #expect(
            try await evaluated("https://api.example.com/", credentials: [one, other]).reason
                == .invalidCredentialHeader
        )
        #expect(try await evaluated("https://api.example.com/", credentials: [one, elsewhere]).reason == .allowed)
    }

    @Test(arguments: [(32, Reason.allowed), (33, .limitReached)])
    func `a plan has a bounded number of credentials`(count: Int, reason: Reason) async throws {
        let bindings = try (0..<count).map { try binding("x-\($0)-token") }
        #expect(try await evaluated("https://api.example.com/", credentials: bindings).reason == reason)
    }

    @Test func `a denial says what would permit it, and not what was in the URL`() async throws {
        let request = try EgressProxyRequest(
            url: "https://api.example.com/canary?canary#canary",
            allowedHosts: ["b.example"]
        )
        guard case .failure(let error) = await evaluate(request) else {
            Issue.record("it is allowed")
            return
        }
        #expect(error.host == "api.example.com")
        #expect(error.port == 443)
        #expect(error.permittingRule == "api.example.com:443")
        #expect("\(error)" == "denied api.example.com:443: host_not_allowlisted; no rule allows this host")
        #expect(!String(reflecting: error).contains("canary"))
    }
}
