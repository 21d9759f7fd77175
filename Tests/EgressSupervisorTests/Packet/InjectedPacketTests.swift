// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import Testing

@testable import EgressSupervisor

struct InjectedPacketTests {
    // MARK: Released

    @Test(arguments: [
        (Sample.syn4, [8, 10, 11]), (Sample.syn4WithOptions, [8, 10, 11]), (Sample.syn6, [7]),
    ]) func `a released SYN differs in its TTL and header checksum only`(_ octets: [UInt8], _ places: [Int]) throws {
        let captured = try #require(CapturedPacket(packet: octets))
        let released = InjectedPacket.released(captured, ttl: 201)
        #expect(released.count == octets.count)
        #expect(Set(octets.indices.filter { octets[$0] != released[$0] }).isSubset(of: places))
        #expect(released[places[0]] == 201)
        #expect(checksumsAreRight(released))
    }

    /// What Linux leaves in the field when a device is to compute the checksum: the sum of the pseudo-header.
    @Test(arguments: [Sample.syn4, Sample.syn4WithOptions, Sample.syn6])
    func `a released SYN has a right checksum, whatever was in the field`(_ octets: [UInt8]) throws {
        let transport = try #require(CapturedPacket(packet: octets)).transport
        for value in [0, 1, 0x7f, 0xff] as [UInt8] {
            let partial = Sample.with(octets, transport + 16, value, value)
            let released = InjectedPacket.released(try #require(CapturedPacket(packet: partial)), ttl: 201)
            #expect(checksumsAreRight(released))
            #expect(Array(released[(transport + 16)...]) == Array(octets[(transport + 16)...]))
        }
    }

    @Test(arguments: [Sample.syn4, Sample.syn4WithOptions, Sample.syn6])
    func `a released SYN reads as the one that was captured`(_ octets: [UInt8]) throws {
        let captured = try #require(CapturedPacket(packet: octets))
        let again = try #require(CapturedPacket(packet: InjectedPacket.released(captured, ttl: 201)))
        #expect(again.key == captured.key)
        #expect(again.transport == captured.transport)
    }

    // MARK: Reset

    @Test func `a reset is octet for octet what a closed port answers`() {
        #expect(
            InjectedPacket.reset(Sample.key4, sequence: 0xdead_beef)
                == Sample.octets(
                    "45 00 00 28 00 00 40 00 40 06 44 f3 5d b8 d8 22 c0 00 00 02",
                    "01 bb c3 50 00 00 00 00 de ad be f0 50 14 00 00 57 49 00 00"
                )
        )
    }

    /// RFC 9293, section 3.10.7.1: SEQ=0, ACK=SEG.SEQ+SEG.LEN, and a SYN counts as one.
    @Test(arguments: [Sample.key4, Sample.key6], [0, 1, 0xffff, 0x1_0000, 0xffff_ffff] as [UInt32])
    func `a reset acknowledges the SYN and goes back where it came from`(_ key: FlowKey, _ sequence: UInt32) {
        let packet = InjectedPacket.reset(key, sequence: sequence)
        #expect(checksumsAreRight(packet))
        let segment = Array(packet.suffix(20))
        #expect(number(segment[0..<2]) == Int(key.remote.port))
        #expect(number(segment[2..<4]) == Int(key.worker.port))
        #expect(number(segment[4..<8]) == 0)
        #expect(number(segment[8..<12]) == Int(sequence &+ 1))
        #expect(segment[12...13] == [0x50, 0x14])
        expectHeader(packet, key, protocolNumber: 6)
    }

    // MARK: Unreachable

    @Test(
        arguments: [
            // RFC 792 and RFC 1812, section 5.2.7.1; RFC 4443, section 3.1
            (InjectedPacket.Unreachable.network, 0, 0), (.host, 1, 3), (.port, 3, 4), (.prohibited, 13, 1),
        ] as [(InjectedPacket.Unreachable, UInt8, UInt8)]
    )
    func `an unreachable message has its RFC's type and code`(
        _ reason: InjectedPacket.Unreachable,
        _ ipv4: UInt8,
        _ ipv6: UInt8
    ) {
        for (key, octets, type, code) in [(Sample.key4, Sample.syn4, 3, ipv4), (Sample.key6, Sample.syn6, 1, ipv6)]
            as [(FlowKey, [UInt8], UInt8, UInt8)]
        {
            let packet = InjectedPacket.unreachable(reason, key, original: octets[...])
            #expect(checksumsAreRight(packet))
            expectHeader(packet, key, protocolNumber: key == Sample.key4 ? 1 : 58)
            let message = Array(packet.dropFirst(key == Sample.key4 ? 20 : 40))
            #expect(message[0...1] == [type, code])
            #expect(message[4..<8] == [0, 0, 0, 0])
            #expect(Array(message[8...]) == octets)
        }
    }

    @Test(arguments: [0, 1, 27, 28, 255, 256, 257, 9000])
    func `an unreachable message quotes a bounded start of the packet`(_ count: Int) {
        let original = [UInt8](repeating: 0xa5, count: count)
        for key in [Sample.key4, Sample.key6] {
            let packet = InjectedPacket.unreachable(.port, key, original: original[...])
            #expect(checksumsAreRight(packet))
            #expect(packet.count == (key == Sample.key4 ? 20 : 40) + 8 + min(count, 256))
        }
    }

    // MARK: Datagrams

    @Test(arguments: [Sample.key4, Sample.key6], [0, 1, 2, 3, 511, 1472, 65487])
    func `a datagram reads as it was put in`(_ key: FlowKey, _ count: Int) throws {
        var random = SeededGenerator(seed: UInt64(count))
        let payload = random.bytes(count)
        let octets = try #require(InjectedPacket.datagram(key, payload: payload[...]))
        #expect(checksumsAreRight(octets))
        expectHeader(octets, key, protocolNumber: 17)
        let packet = try #require(CapturedPacket(packet: octets))
        #expect(packet.key == FlowKey(worker: key.remote, remote: key.worker))
        guard case .datagram(let range) = packet.content else {
            Issue.record("no datagram")
            return
        }
        #expect(Array(packet.bytes[range]) == payload)
    }

    /// The largest payload of UDP is 65507 octets over IPv4, where the header counts, and 65527 over IPv6 (RFC 8200,
    /// section 3), where the link's MTU of 65535 allows 65487.
    @Test(arguments: [(Sample.key4, 65507), (Sample.key6, 65487)])
    func `a datagram as long as a packet can be is put in, a longer one is not`(_ key: FlowKey, _ most: Int) {
        let payload = [UInt8](repeating: 7, count: 70000)
        #expect(InjectedPacket.datagram(key, payload: payload[..<most])?.count == 65535)
        for count in [most + 1, 65507 + 1, 65528, 65535, 65536, 70000] {
            #expect(InjectedPacket.datagram(key, payload: payload[..<count]) == nil)
        }
    }

    /// RFC 768: "If the computed checksum is zero, it is transmitted as all ones"; zero means that there is none.
    @Test(arguments: [Sample.key4, Sample.key6]) func `a UDP checksum is never zero`(_ key: FlowKey) throws {
        let place = key == Sample.key4 ? 26 : 46
        let zeros = try #require(InjectedPacket.datagram(key, payload: [0, 0]))
        // With its own checksum as payload, a packet's words add up to all ones.
        let packet = try #require(InjectedPacket.datagram(key, payload: zeros[place...place + 1]))
        #expect(packet[place...place + 1] == [0xff, 0xff])
        #expect(checksumsAreRight(packet))
    }

    @Test func `what is put in round trips for random ends and payloads`() throws {
        var random = SeededGenerator(seed: 768)
        for _ in 0..<2000 {
            let size = random.below(2) == 0 ? 4 : 16
            func end(_ random: inout SeededGenerator) throws -> SocketAddress {
                let port = UInt16(truncatingIfNeeded: random.next())
                return try #require(SocketAddress(networkBytes: random.bytes(size), port: port))
            }
            let key = FlowKey(worker: try end(&random), remote: try end(&random))
            let payload = random.bytes(random.below(200))
            let octets = try #require(InjectedPacket.datagram(key, payload: payload[...]))
            #expect(checksumsAreRight(octets))
            let packet = try #require(CapturedPacket(packet: octets))
            #expect(packet.key == FlowKey(worker: key.remote, remote: key.worker))
            #expect(checksumsAreRight(InjectedPacket.reset(key, sequence: UInt32(truncatingIfNeeded: random.next()))))
            #expect(checksumsAreRight(InjectedPacket.unreachable(.host, key, original: octets[...])))
        }
    }

    // MARK: Parts

    private func number(_ octets: ArraySlice<UInt8>) -> Int { octets.reduce(0) { $0 << 8 | Int($1) } }

    /// The header is a plain one from the target to the worker, and its length is right.
    private func expectHeader(_ packet: [UInt8], _ key: FlowKey, protocolNumber: UInt8) {
        if key.worker.family == SocketAddress.ipv4Family {
            #expect(packet[0] == 0x45)
            #expect(number(packet[2..<4]) == packet.count)
            #expect(packet[6...9] == [0x40, 0, 64, protocolNumber])
            #expect(Array(packet[12..<16]) == key.remote.networkBytes)
            #expect(Array(packet[16..<20]) == key.worker.networkBytes)
        } else {
            #expect(packet[0...3] == [0x60, 0, 0, 0])
            #expect(number(packet[4..<6]) == packet.count - 40)
            #expect(packet[6...7] == [protocolNumber, 64])
            #expect(Array(packet[8..<24]) == key.remote.networkBytes)
            #expect(Array(packet[24..<40]) == key.worker.networkBytes)
        }
    }
}
