// SPDX-License-Identifier: Apache-2.0

import EgressDNS
import EgressPolicy
import EgressRequests
import Testing

@Suite struct ReadmeExampleTests {
    // The example of its README.md, line by line, with a hosts file in the place of this machine's resolver.
    @Test func `the example of the README works`() async throws {
        let policy = try EgressRequestPolicy(
            allowedHosts: ["api.example.com:443"],
            allowedDNSSuffixes: ["cdn.example.com"]
        )
        let hosts = HostsFile(parsing: "93.184.216.34 api.example.com")
        let service = EgressProxyPolicyService(resolver: DNSHostResolver(servers: [], hosts: hosts))
        let token = CredentialBinding(
            header: "Authorization",
            source: try SecretSource(parsing: "vault:example/token"),
            hosts: [try Rule.parse("api.example.com:443")],
            prefix: "Bearer "
        )
        let verdict = try await service.evaluate(
            EgressProxyRequest(
                url: "https://api.example.com/v1/items",
                policy: policy,
                maxResponseBytes: 1 << 20,
                credentials: CredentialBindingPlan([token])
            )
        )
        #expect(verdict.resolvedAddresses.map(\.description) == ["93.184.216.34:443"])
        #expect(verdict.credentialHeaders == ["authorization"])
        #expect(verdict.requestFingerprint.utf8.count == 64)
    }
}
