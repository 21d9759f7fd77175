// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressRequests
import Testing

/// The lists of the document: hosts, suffixes and the private opt-in.
@Suite struct RequestListsTests {
    @Test(arguments: [
        ("https://example.com/", Reason.hostNotAllowlisted), ("https://exact.example/", .allowed),
        ("https://sub.exact.example/", .hostNotAllowlisted), ("https://suffix.example/", .allowed),
        ("https://api.suffix.example/", .allowed), ("https://a.b.suffix.example/", .allowed),
        ("https://notsuffix.example/", .hostNotAllowlisted),
        ("https://suffix.example.evil.example/", .hostNotAllowlisted),
        ("https://port.example:8443/", .allowed), ("https://port.example/", .portNotAllowed),
    ])
    func `a host matches exactly, a suffix with all below it`(url: String, reason: Reason) async throws {
        let request = try EgressProxyRequest(
            url: url,
            allowedHosts: ["exact.example", "port.example:8443"],
            allowedDNSSuffixes: ["suffix.example"]
        )
        let host = try WebURL(url).host.description
        #expect(await evaluate(request, RecordingResolver(host, ["93.184.216.34"])).reason == reason)
    }

    @Test(arguments: [
        (["10.0.0.1"], false, Reason.privateTargetBlocked), (["10.0.0.1"], true, .allowed),
        ([], true, .hostNotAllowlisted),
        ([], false, .privateTargetBlocked),
    ])
    func `a private address has to be listed and opted in to`(hosts: [String], isPrivate: Bool, reason: Reason)
        async throws
    {
        let request = try EgressProxyRequest(
            url: "http://10.0.0.1/",
            allowedHosts: hosts,
            allowPrivateTargets: isPrivate
        )
        #expect(await evaluate(request).reason == reason)
    }

    @Test(arguments: ["*", "", "com", "https://example.com", "a b", "*.example.com", ".example.com", "10.0.0.0/8"])
    func `what is no host is an error, not a wider list`(text: String) {
        #expect(throws: RuleError.self) {
            try EgressRequestPolicy(allowedHosts: [text == "com" ? ".com" : text])
        }
    }

    @Test(arguments: ["", "com", "*", "co.uk/", "10.0.0.0/8"])
    func `what is no suffix is an error, not a wider list`(text: String) {
        #expect(throws: RuleError.self) { try EgressRequestPolicy(allowedHosts: [], allowedDNSSuffixes: [text]) }
    }
}
