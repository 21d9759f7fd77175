// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import Testing

@testable import EgressSupervisor

struct CapturedPacketTests {
    @Test(arguments: [
        (Sample.syn4, Sample.key4, 20), (Sample.syn4WithOptions, Sample.key4, 28), (Sample.syn6, Sample.key6, 40),
        // What follows the packet in the buffer is not the packet.
        (Sample.syn4 + [1, 2, 3], Sample.key4, 20),
        // URG, PSH, ECE and CWR (RFC 3168) do not make it another segment.
        (Sample.with(Sample.syn4, 33, 0xea), Sample.key4, 20),
        // DF, and a TTL that is already that of a released SYN
        (Sample.with(Sample.syn4, 8, 201), Sample.key4, 20),
    ]) func `a SYN is read`(_ octets: [UInt8], _ key: FlowKey, _ transport: Int) throws {
        let packet = try #require(CapturedPacket(packet: octets))
        #expect(packet.key == key)
        #expect(packet.transport == transport)
        guard case .syn(let sequence) = packet.content else {
            Issue.record("no SYN")
            return
        }
        #expect(sequence == 0xdead_beef)
        #expect(octets.starts(with: packet.bytes))
    }

    @Test(arguments: [Sample.udp4, Sample.udp6, Sample.udp4 + [0, 0, 0]]) func `a datagram is read`(_ octets: [UInt8])
        throws
    {
        let packet = try #require(CapturedPacket(packet: octets))
        #expect(packet.key.worker.port == 50001)
        #expect(packet.key.remote.port == 123)
        guard case .datagram(let payload) = packet.content else {
            Issue.record("no datagram")
            return
        }
        #expect(Array(packet.bytes[payload]) == Array("hello".utf8))
    }

    @Test func `a datagram may be shorter than its packet, and empty`() throws {
        for length in 8...13 as ClosedRange<UInt8> {
            let packet = try #require(CapturedPacket(packet: Sample.with(Sample.udp4, 25, length)))
            guard case .datagram(let payload) = packet.content else {
                Issue.record("no datagram")
                continue
            }
            #expect(payload.count == Int(length) - 8)
        }
    }

    @Test(
        arguments: [
            ("an empty packet", []),
            ("IP version 5", Sample.with(Sample.syn4, 0, 0x55)),
            ("IP version 0", Sample.with(Sample.syn4, 0, 0x05)),
            ("an IPv4 header of 16 octets", Sample.with(Sample.syn4, 0, 0x44)),
            ("an IPv4 header longer than the packet", Sample.with(Sample.udp4, 0, 0x4f)),
            ("a total length below the header's", Sample.with(Sample.syn4, 2, 0, 19)),
            ("a total length past the end", Sample.with(Sample.syn4, 2, 0, 61)),
            ("a total length of 0, as of a segment yet to be split", Sample.with(Sample.syn4, 2, 0, 0)),
            ("a first fragment", Sample.with(Sample.syn4, 6, 0x20, 0)),
            ("a later fragment", Sample.with(Sample.syn4, 6, 0, 1)),
            ("ICMP", Sample.with(Sample.syn4, 9, 1)),
            ("an IPv6 payload length past the end", Sample.with(Sample.syn6, 4, 0, 41)),
            ("an IPv6 payload without room for a header", Sample.with(Sample.syn6, 4, 0, 7)),
            ("an IPv6 hop-by-hop header", Sample.with(Sample.syn6, 6, 0)),
            ("an IPv6 fragment header", Sample.with(Sample.syn6, 6, 44)),
            ("SYN and ACK", Sample.with(Sample.syn4, 33, 0x12)),
            ("SYN and FIN", Sample.with(Sample.syn4, 33, 0x03)),
            ("SYN and RST", Sample.with(Sample.syn4, 33, 0x06)),
            ("ACK alone", Sample.with(Sample.syn4, 33, 0x10)),
            ("no flags", Sample.with(Sample.syn4, 33, 0)),
            ("a TCP header of 16 octets", Sample.with(Sample.syn4, 32, 0x40)),
            ("a TCP header longer than the packet", Sample.with(Sample.syn4, 32, 0xb0)),
            ("a TCP header cut by the total length", Sample.with(Sample.syn4, 2, 0, 39)),
            ("a UDP length of 7", Sample.with(Sample.udp4, 24, 0, 7)),
            ("a UDP length of 0 (RFC 2675)", Sample.with(Sample.udp4, 24, 0, 0)),
            ("a UDP length past the end", Sample.with(Sample.udp4, 24, 0, 14)),
            ("a UDP length past the total length", Sample.with(Sample.udp4 + [0, 0], 24, 0, 14)),
        ] as [(String, [UInt8])]
    ) func `what is not as it says is no packet`(_ what: String, _ octets: [UInt8]) {
        #expect(CapturedPacket(packet: octets) == nil, "\(what)")
    }

    @Test(arguments: Sample.all) func `a packet cut anywhere is no packet`(_ octets: [UInt8]) {
        for count in 0..<octets.count { #expect(CapturedPacket(packet: Array(octets[..<count])) == nil, "\(count)") }
    }

    /// Linux's raw IPv6 sockets leave the IP header out (ipv6(7)).
    @Test func `an IPv6 packet without its header is the same packet`() throws {
        for octets in [Sample.syn6, Sample.udp6] {
            let whole = try #require(CapturedPacket(packet: octets))
            let packet = try #require(
                CapturedPacket(
                    transport: octets[40...],
                    protocolNumber: octets[6],
                    source: Array(octets[8..<24]),
                    destination: Array(octets[24..<40])
                )
            )
            #expect(packet.bytes == whole.bytes)
            #expect(packet.key == whole.key)
        }
    }

    @Test func `without its header, too, what is cut or too long is no packet`() {
        let (source, destination) = (Array(Sample.syn6[8..<24]), Array(Sample.syn6[24..<40]))
        func read(_ transport: ArraySlice<UInt8>, _ source: [UInt8], _ destination: [UInt8]) -> CapturedPacket? {
            CapturedPacket(transport: transport, protocolNumber: 6, source: source, destination: destination)
        }
        for count in 0..<40 { #expect(read(Sample.syn6[40..<40 + count], source, destination) == nil) }
        #expect(read(Sample.syn6[40...], Array(source.dropLast()), destination) == nil)
        #expect(read(Sample.syn6[40...], source, []) == nil)
        #expect(read(Sample.syn6[40...], source, [192, 0, 0, 1]) == nil)
        #expect(read([UInt8](repeating: 0, count: 65536)[...], source, destination) == nil)
    }

    @Test func `no mutation of a packet traps, and what is read lies within it`() {
        var random = SeededGenerator(seed: 791)
        for round in 0..<60_000 {
            var octets = Sample.all[round % Sample.all.count]
            for _ in 0...random.below(6) {
                switch random.below(4) {
                case 0: octets.removeLast(min(octets.count, random.below(8)))
                case 1: octets += random.bytes(random.below(8))
                default:
                    if !octets.isEmpty { octets[random.below(octets.count)] = UInt8(truncatingIfNeeded: random.next()) }
                }
            }
            check(CapturedPacket(packet: octets), within: octets.count)
            if octets.count >= 40 {
                let packet = CapturedPacket(
                    transport: octets[40...],
                    protocolNumber: octets[6],
                    source: Array(octets[8..<24]),
                    destination: Array(octets[24..<40])
                )
                check(packet, within: octets.count)
            }
        }
    }

    @Test func `random octets do not trap`() {
        var random = SeededGenerator(seed: 8200)
        for _ in 0..<20_000 {
            var octets = random.bytes(random.below(90))
            // Most would fail at the first octet.
            if !octets.isEmpty { octets[0] = random.below(2) == 0 ? 0x40 | octets[0] & 15 : 0x60 }
            check(CapturedPacket(packet: octets), within: octets.count)
        }
    }

    /// Asks everything of a packet that the supervisor asks of one.
    private func check(_ packet: CapturedPacket?, within count: Int) {
        guard let packet else { return }
        #expect(packet.bytes.count <= count)
        #expect(packet.transport + 8 <= packet.bytes.count)
        switch packet.content {
        case .syn(let sequence):
            #expect(packet.transport + 20 <= packet.bytes.count)
            let released = InjectedPacket.released(packet, ttl: 201)
            #expect(CapturedPacket(packet: released)?.key == packet.key)
            _ = InjectedPacket.reset(packet.key, sequence: sequence)
        case .datagram(let payload):
            #expect(payload.lowerBound >= packet.transport + 8)
            #expect(payload.upperBound <= packet.bytes.count)
        }
        _ = InjectedPacket.unreachable(.port, packet.key, original: packet.bytes[...])
    }
}
