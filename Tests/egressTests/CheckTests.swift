// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressRequests
import Testing

@testable import egress

@Suite struct CheckTests {
    /// Knows one name, with a public and a private address.
    private struct Known: HostResolver {
        func resolve(
            _ host: Host,
            deadline: ContinuousClock.Instant
        ) async throws(HostResolverError) -> ResolvedHost {
            guard host.description == "mixed.example" else { throw .noSuchName }
            return ResolvedHost(addresses: ["93.184.216.34", "10.0.0.1"].compactMap { IPAddress($0) })
        }
    }

    private func explain(_ target: String, _ allow: [String] = [], deny: [String] = []) async throws -> Explanation {
        let policy = Policy(
            allow: try allow.map { try Rule.parse($0) },
            deny: try deny.map { try Rule.parse($0, for: .deny) }
        )
        return await Explanation.of(target, policy, resolver: Known(), timeout: .seconds(1))
    }

    @Test func `a denial says why, shows what it judged, and what would permit it`() async throws {
        let explanation = try await explain("https://mixed.example/a?token=canary#canary", ["mixed.example"])
        #expect(
            explanation.text == """
                https://mixed.example/a: denied: private_target_blocked
                    why         it resolves to 10.0.0.1 (private use): the address is private or special-purpose
                    addresses   93.184.216.34 (global), 10.0.0.1 (private use)
                    to permit   --allow mixed.example:443/private

                """
        )
    }

    @Test(arguments: [
        ("[2606:2800::1]:443", "--allow '[2606:2800::1]:443'"), ("93.184.216.34:80", "--allow 93.184.216.34:80"),
        ("b.example:53/udp", "--allow b.example:53"), ("https://b.example/", "--allow b.example:443"),
    ])
    func `the option that would permit is quoted for a shell`(target: String, flag: String) async throws {
        #expect(try await explain(target).flag == flag)
    }

    @Test(arguments: [
        ("mixed.example:443/udp", ["mixed.example:443/tcp"], Reason.protocolNotAllowed),
        ("mixed.example:443/tcp", ["mixed.example:443/udp"], .protocolNotAllowed),
        ("mixed.example:444", ["mixed.example:443/private"], .portNotAllowed),
        ("mixed.example:443", ["mixed.example:443/private"], .allowed),
        ("no.example:443", ["no.example"], .dnsResolutionFailed), ("127.1:80", [], .nonCanonicalAddress),
        ("a@mixed.example:443", ["mixed.example"], .urlCredentialsForbidden),
        ("mixed.example:0", ["mixed.example"], .missingPort),
        ("ftp://mixed.example/", ["mixed.example"], .unsupportedScheme), ("169.254.169.254:80", [], .metadataBlocked),
    ])
    func `a target has the reason that the engine gives`(target: String, allow: [String], reason: Reason) async throws {
        #expect(try await explain(target, allow).reason == reason)
    }

    @Test(arguments: [
        ("https://u:canary@b.example/x", "https://...@b.example/x"),
        ("https://b.example/ ?canary", "https://b.example/ "),
        ("ftp://b.example/#canary", "ftp://b.example/"),
        ("https://b.example/\u{1b}[2J", "https://b.example/\\u{1b}[2J"),
    ])
    func `a URL that is refused is shown without what may be secret`(url: String, shown: String) async throws {
        let explanation = try await explain(url)
        #expect(explanation.target == shown)
        #expect(!explanation.text.contains("canary"))
        #expect(try !CheckReport([explanation]).json().contains("canary"))
    }

    @Test(arguments: [
        ("example.com", true), ("example.com:443", false), ("example.com/x", true), ("[::1]", true), ("[::1]:1", false),
        ("example.com:443/udp", false), ("example.com/udp", true), ("https://example.com", false), ("", true),
    ])
    func `a target needs a scheme or a port`(target: String, isError: Bool) {
        #expect((CheckTarget.usageError(target) != nil) == isError)
    }

    @Test func `any denial is 3, failures alone are 5`() async throws {
        let allowed = try await explain("93.184.216.34:80", ["93.184.216.34"])
        let denied = try await explain("93.184.216.34:80")
        let failed = try await explain("no.example:80", ["no.example"])
        #expect(Check.status([allowed]) == 0)
        #expect(Check.status([allowed, denied]) == 3)
        #expect(Check.status([failed, allowed]) == 5)
        #expect(Check.status([failed, denied]) == 3)
    }

    @Test func `the object for scripts keeps its keys`() async throws {
        let report = CheckReport([try await explain("mixed.example:443", ["mixed.example"], deny: ["10.0.0.0/8"])])
        #expect(
            try report.json() == """
                {
                  "allowed" : false,
                  "targets" : [
                    {
                      "addresses" : [
                        {
                          "address" : "93.184.216.34",
                          "class" : "global"
                        },
                        {
                          "address" : "10.0.0.1",
                          "class" : "private_use"
                        }
                      ],
                      "decision" : "deny",
                      "host" : "mixed.example",
                      "message" : "it resolves to 10.0.0.1 (private use): the rule '10.0.0.0/8' denies it",
                      "port" : 443,
                      "protocol" : "tcp",
                      "reason" : "denied_by_rule",
                      "resolved" : true,
                      "rule" : "10.0.0.0/8",
                      "target" : "mixed.example:443"
                    }
                  ]
                }
                """
        )
    }

    @Test func `every class of addresses has a code of lower-case words`() {
        for addressClass in AddressClass.allCases {
            #expect(addressClass.code.utf8.allSatisfy { (0x61...0x7a).contains($0) || $0 == 0x5f || $0 == 0x34 })
        }
        #expect(AddressClass.sharedAddressSpace.code == "shared_address_space")
        #expect(AddressClass.embeddedIPv4.code == "embedded_ipv4")
    }
}
