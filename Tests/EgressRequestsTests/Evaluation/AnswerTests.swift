// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressRequests
import Testing

/// What becomes of the addresses of an allowed name.
@Suite struct AnswerTests {
    private func request(
        _ allow: [String] = ["a.example"],
        deny: [String] = [],
        allowPrivate: Bool = false,
        url: String = "https://a.example/"
    ) throws -> EgressProxyRequest {
        EgressProxyRequest(url: url, policy: try policy(allow, deny: deny, allowPrivate: allowPrivate))
    }

    @Test(arguments: [
        (["93.184.216.34"], Reason.allowed), (["93.184.216.34", "2606:2800::1"], .allowed), ([], .emptyResolution),
        // The document's own case: public and private mixed.
        (["93.184.216.34", "10.0.0.1"], .privateTargetBlocked), (["10.0.0.1", "93.184.216.34"], .privateTargetBlocked),
        (["93.184.216.34", "2606:2800::1", "fd00::1"], .privateTargetBlocked),
        (["93.184.216.34", "::ffff:127.0.0.1"], .privateTargetBlocked),
        (["93.184.216.34", "64:ff9b::a00:1"], .privateTargetBlocked), (["127.0.0.1"], .privateTargetBlocked),
        (["0.0.0.0"], .privateTargetBlocked), (["100.64.0.1"], .privateTargetBlocked),
        (["224.0.0.1"], .privateTargetBlocked),
        (["169.254.1.1"], .privateTargetBlocked), (["169.254.169.254"], .metadataBlocked),
        (["93.184.216.34", "fd00:ec2::254"], .metadataBlocked), (["::ffff:169.254.169.254"], .metadataBlocked),
        // The edges of 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16.
        (["9.255.255.255", "11.0.0.0"], .allowed), (["10.255.255.255"], .privateTargetBlocked),
        (["172.15.255.255", "172.32.0.0"], .allowed), (["172.16.0.0"], .privateTargetBlocked),
        (["192.167.255.255", "192.169.0.0"], .allowed), (["192.168.0.0"], .privateTargetBlocked),
    ])
    func `one bad address voids an answer`(addresses: [String], reason: Reason) async throws {
        #expect(await evaluate(try request(), RecordingResolver("a.example", addresses)).reason == reason)
    }

    @Test(arguments: [
        (["10.0.0.1"], Reason.allowed), (["10.0.0.1", "93.184.216.34"], .allowed), (["fd00::1"], .allowed),
        // Never by a name alone: metadata, and the machine's own loopback.
        (["169.254.169.254"], .metadataBlocked), (["10.0.0.1", "169.254.169.254"], .metadataBlocked),
        (["127.0.0.1"], .privateTargetBlocked), (["::1"], .privateTargetBlocked), (["0.0.0.0"], .privateTargetBlocked),
    ])
    func `private addresses need consent`(addresses: [String], reason: Reason) async throws {
        let resolver = RecordingResolver("a.example", addresses)
        #expect(await evaluate(try request(allowPrivate: true), resolver).reason == reason)
        #expect(await evaluate(try request(["a.example/private"]), resolver).reason == reason)
        #expect(await evaluate(try request(), resolver).reason != .allowed)
    }

    @Test func `a literal is consent for itself and its port`() async throws {
        let literals = ["a.example", "127.0.0.1:443", "169.254.169.254:443"]
        for address in ["127.0.0.1", "169.254.169.254"] {
            let resolver = RecordingResolver("a.example", [address])
            let private443 = try request(literals, allowPrivate: true)
            #expect(await evaluate(private443, resolver).reason == .allowed)
            let private8443 = try request(literals, allowPrivate: true, url: "https://a.example:8443/")
            #expect(await evaluate(private8443, resolver).reason != .allowed)
            let direct = try request(literals, url: "https://\(address)/")
            #expect(await evaluate(direct).reason == .allowed)
        }
    }

    @Test(arguments: [
        (["93.184.216.0/24"], Reason.deniedByRule), (["93.184.216.34:443"], .deniedByRule),
        (["93.184.216.34:80"], .allowed),
        (["alias.example"], .deniedByRule), ([".cdn.example"], .deniedByRule), (["other.example"], .allowed),
    ])
    func `a deny rule on an address or an alias wins`(deny: [String], reason: Reason) async throws {
        let resolver = RecordingResolver(
            "a.example",
            ["8.8.8.8", "93.184.216.34"],
            aliases: ["alias.example", "x.cdn.example"]
        )
        #expect(await evaluate(try request(deny: deny), resolver).reason == reason)
    }

    @Test(arguments: [
        (HostResolverError.noSuchName, Reason.dnsResolutionFailed), (.timedOut, .dnsResolutionFailed),
        (.failed("192.0.2.53: refused"), .dnsResolutionFailed), (.noAddress, .emptyResolution),
    ])
    func `a name that does not resolve is denied`(error: HostResolverError, reason: Reason) async throws {
        let resolver = RecordingResolver(["a.example": .failure(error)])
        let result = await evaluate(try request(), resolver)
        #expect(result.reason == reason)
        guard case .failure(let denial) = result else { return }
        #expect(denial.message == error.description)
    }

    @Test func `the verdict pins what was judged, without repeats and in order`() async throws {
        let answer = ["2606:2800::1", "93.184.216.34", "::ffff:93.184.216.34", "2606:2800::1"]
        let resolver = RecordingResolver("a.example", answer)
        let verdict = try await evaluate(try request(url: "http://a.example:8080/x"), resolver).get()
        #expect(verdict.resolvedAddresses.map(\.description) == ["[2606:2800::1]:8080", "93.184.216.34:8080"])
        #expect(verdict.host == "a.example")
        #expect(verdict.rule?.description == "a.example")
        #expect(verdict.message == "the rule 'a.example' allows it")
    }

    @Test func `all of a huge answer is judged, and a bounded part pinned`() async throws {
        let many = (0..<1000).map { "93.184.\($0 / 250).\($0 % 250)" }
        let good = try await evaluate(try request(), RecordingResolver("a.example", many)).get()
        #expect(good.resolvedAddresses.count == EgressProxyPolicyService.maximumPinnedAddresses)
        let bad = await evaluate(try request(), RecordingResolver("a.example", many + ["10.0.0.1"]))
        #expect(bad.reason == .privateTargetBlocked)
    }

    @Test func `a denied answer tells all its addresses and what would permit it`() async throws {
        let resolver = RecordingResolver("a.example", ["93.184.216.34", "10.0.0.1"])
        guard case .failure(let error) = await evaluate(try request(), resolver) else {
            Issue.record("it is allowed")
            return
        }
        #expect(error.addresses.map(\.description) == ["93.184.216.34", "10.0.0.1"])
        #expect(error.message.contains("10.0.0.1"))
        #expect(error.permittingRule == "a.example:443/private")
    }

    @Test func `an answer is never kept: each evaluation resolves anew`() async throws {
        let resolver = RecordingResolver("a.example", ["93.184.216.34"])
        let service = EgressProxyPolicyService(resolver: resolver)
        for _ in 0..<2 { _ = try await service.evaluate(try request()) }
        #expect(resolver.asked == ["a.example", "a.example"])
    }
}
