// SPDX-License-Identifier: Apache-2.0

import EgressDNS
import EgressPolicy
import Testing

@testable import EgressRequests

/// The resolver over real sockets of the loopback; what servers answer is tried in the test world.
@Suite struct DNSHostResolverTests {
    private func resolve(
        _ name: String,
        _ resolver: DNSHostResolver,
        within: Duration = .seconds(20)
    ) async throws -> Result<ResolvedHost, HostResolverError> {
        let host = try Host(name)
        do throws(HostResolverError) {
            return .success(try await resolver.resolve(host, deadline: .now + within))
        } catch {
            return .failure(error)
        }
    }

    @Test func `the hosts file answers, and its answer is not judged`() async throws {
        let hosts = HostsFile(
            parsing: "93.184.216.34 a.example\n10.0.0.1 a.example\nfd00::1 a.example\n169.254.169.254 b.example"
        )
        let resolver = DNSHostResolver(servers: [], hosts: hosts)
        let all = try await resolve("a.example", resolver).get().addresses.map(\.description)
        #expect(all == ["93.184.216.34", "10.0.0.1", "fd00::1"])
        #expect(try await resolve("b.example", resolver).get().addresses.map(\.description) == ["169.254.169.254"])
    }

    @Test func `without a server there is a reason`() async throws {
        let result = try await resolve("a.example", DNSHostResolver(servers: []))
        #expect(result == .failure(.failed("there is no upstream server")))
    }

    @Test func `all addresses of both families come back, with the aliases that led to them`() async throws {
        let server = try LoopbackNameServer { question in
            let alias = try DNSName("alias.example")
            var records = [Record(name: question.name, ttl: 60, data: .cname(alias))]
            let texts = question.type == .a ? ["93.184.216.34", "10.0.0.1"] : ["fd00::1"]
            for case let address? in texts.map({ IPAddress($0) }) {
                switch address {
                case .v4(let address): records.append(Record(name: alias, ttl: 60, data: .a(address)))
                case .v6(let address): records.append(Record(name: alias, ttl: 60, data: .aaaa(address)))
                }
            }
            return records
        }
        defer { server.stop() }
        let answer = try await resolve("a.example", DNSHostResolver(servers: [server.address])).get()
        #expect(Set(answer.addresses.map(\.description)) == ["93.184.216.34", "10.0.0.1", "fd00::1"])
        #expect(answer.aliases.map(\.description) == ["alias.example"])
    }

    @Test func `one family that never answers does not hold up the other`() async throws {
        let server = try LoopbackNameServer { question in
            guard question.type == .a, let address = IPv4Address("93.184.216.34") else { return nil }
            return [Record(name: question.name, ttl: 60, data: .a(address))]
        }
        defer { server.stop() }
        let answer = try await resolve("a.example", DNSHostResolver(servers: [server.address])).get()
        #expect(answer.addresses.map(\.description) == ["93.184.216.34"])
    }

    @Test func `a silent server is given up at the deadline`() async throws {
        let server = try LoopbackNameServer { _ in nil }
        defer { server.stop() }
        let began = ContinuousClock.now
        let result = try await resolve(
            "a.example",
            DNSHostResolver(servers: [server.address]),
            within: .milliseconds(200)
        )
        #expect(result == .failure(.timedOut))
        #expect(ContinuousClock.now - began >= .milliseconds(200))
    }

    @Test func `a deadline that has passed leaves no time`() async throws {
        let server = try LoopbackNameServer { _ in nil }
        defer { server.stop() }
        let result = try await resolve("a.example", DNSHostResolver(servers: [server.address]), within: .seconds(-1))
        #expect(result == .failure(.timedOut))
    }

    @Test func `who no longer waits is let go`() async throws {
        let server = try LoopbackNameServer { _ in nil }
        defer { server.stop() }
        let resolver = DNSHostResolver(servers: [server.address])
        let task = Task { try await resolve("a.example", resolver, within: .seconds(3600)) }
        try await Task.sleep(for: .milliseconds(50))
        task.cancel()
        // Without the cancellation this would take an hour.
        #expect(try await task.value == .failure(.timedOut))
    }

    @Test func `more look-ups than there is room for are refused, and room is made again`() async throws {
        let server = try LoopbackNameServer { _ in nil }
        defer { server.stop() }
        let resolver = DNSHostResolver(servers: [server.address])
        let results = try await withThrowingTaskGroup(of: Result<ResolvedHost, HostResolverError>.self) { group in
            for _ in 0...DNSHostResolver.maximumLookups {
                group.addTask { try await resolve("a.example", resolver, within: .seconds(1)) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.count { $0 == .failure(.timedOut) } == DNSHostResolver.maximumLookups)
        #expect(try await resolve("a.example", resolver, within: .milliseconds(1)) == .failure(.timedOut))
    }
}
