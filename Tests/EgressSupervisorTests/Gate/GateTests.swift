// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import LinuxSystem
import Testing

@testable import EgressSupervisor

struct GateTests {
    @Test func `nothing is allowed by default`() throws {
        let gate = try Gate(allow: [], try Ledger())
        for remote in [Sample.remote4, Sample.remote6] {
            for transport in TransportProtocol.allCases {
                #expect(!gate.judge(remote, transport, now: 0).verdict.isAllowed)
            }
        }
    }

    @Test func `a pin is asked for at the time of the judgement, and no longer than it lives`() throws {
        let host = try Host("api.example.com")
        let gate = try Gate(allow: ["api.example.com:443"], try Ledger()) { _, now in now < 100 ? [host] : [] }
        let judgement = gate.judge(Sample.remote4, .tcp, now: 99)
        #expect(judgement.verdict.isAllowed)
        #expect(judgement.host == host)
        #expect(gate.judge(Sample.remote4, .tcp, now: 100).verdict.reason == .addressNotPinned)
    }

    /// RFC 4291, section 2.5.5.2
    @Test func `an IPv4-mapped address is looked up as the IPv4 address`() throws {
        let host = try Host("api.example.com")
        let pinned = try #require(IPAddress("93.184.216.34"))
        let gate = try Gate(allow: ["api.example.com:443"], try Ledger()) { address, _ in
            address == pinned ? [host] : []
        }
        let mapped = SocketAddress.v6(high: 0, low: 0xffff_5db8_d822, port: 443)
        #expect(gate.judge(mapped, .tcp, now: 0).verdict.isAllowed)
    }

    @Test func `what a NAT64 prefix makes private is denied from then on, pinned or not`() throws {
        let host = try Host("api.example.com")
        let gate = try Gate(allow: ["api.example.com:443"], try Ledger()) { _, _ in [host] }
        let translated = SocketAddress.v6(high: 0x2606_4700_0064_0000, low: 0x0a00_0001, port: 443)
        #expect(gate.judge(translated, .tcp, now: 0).verdict.isAllowed)
        let prefix = try #require(TranslationPrefix(IPv6Address(high: 0x2606_4700_0064_0000, low: 0), length: 96))
        gate.learn([prefix])
        #expect(gate.judge(translated, .tcp, now: 0).verdict.reason == .privateTargetBlocked)
    }

    @Test func `a judgement is told when it admits, not when it only judges`() throws {
        let ledger = try Ledger()
        let gate = try Gate(allow: ["93.184.216.34:443"], ledger)
        _ = gate.judge(Sample.remote4, .tcp, now: 0)
        #expect(ledger.lines.isEmpty)
        _ = gate.admit(Sample.remote4, .tcp, now: 0)
        _ = gate.admit(Sample.remote4, .udp, now: 0)
        _ = gate.admit(Sample.remote6, .tcp, now: 0)
        gate.refuse(Sample.remote4, .udp, "no room")
        #expect(
            ledger.count(#""event":"connect""#, #""decision":"allow""#, #""address":"93.184.216.34","port":443"#) == 1
        )
        #expect(ledger.count(#""event":"datagram""#, #""decision":"allow""#) == 1)
        #expect(ledger.count(#""event":"connect""#, #""decision":"deny""#) == 1)
        #expect(ledger.count(#""event":"datagram""#, #""decision":"deny""#, "no room") == 1)
    }
}
