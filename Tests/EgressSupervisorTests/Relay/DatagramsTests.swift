// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import Testing

@testable import EgressSupervisor

/// Datagrams between a worker played by the test and real UDP sockets of 127.0.0.1.
@Suite(.serialized) struct DatagramsTests {
    private let loop: EventLoop
    private let zone: FakeZone
    private let ledger: Ledger
    private let server: End
    private let target: SocketAddress

    init() throws {
        loop = try EventLoop()
        zone = try FakeZone(loop: loop)
        ledger = try Ledger()
        server = End(try Socket.make(AF_INET, Socket.datagram).release())
        try Pair.bindToLoopback(server.raw)
        Socket.set(server.raw, Int32(IPPROTO_IP), IP_PKTINFO, 1)
        target = try #require(Socket.localAddress(server.raw))
    }

    private func datagrams(allow: [String]? = nil) throws -> Datagrams {
        Datagrams(gate: try Gate(allow: allow ?? ["127.0.0.1:\(target.port)"], ledger), loop: loop)
    }

    /// The worker sends from a port.
    private func send(_ text: String, from port: UInt16, to remote: SocketAddress, _ datagrams: Datagrams, now: UInt64)
        throws
    {
        let key = FlowKey(worker: remote, remote: .v4(0xc000_0002, port: port))
        let octets = try #require(InjectedPacket.datagram(key, payload: Array(text.utf8)[...]))
        let packet = try #require(CapturedPacket(packet: octets))
        guard case .datagram(let payload) = packet.content else { return }
        datagrams.receive(packet, payload: payload, from: try zone.zone(), now: now)
    }

    /// ICMP destination unreachable, by its code; nil for another packet.
    private func unreachableCode(_ packet: [UInt8]) -> UInt8? {
        packet.count > 28 && packet[9] == 1 && packet[20] == 3 ? packet[21] : nil
    }

    @Test func `an allowed datagram goes out, and the answer comes from where it went`() throws {
        let datagrams = try datagrams()
        try send("ping", from: 4000, to: target, datagrams, now: monotonicNow())
        var buffer = [UInt8](repeating: 0, count: 100)
        let datagram = try #require(Socket.receiveWithDestination(server.raw, into: &buffer))
        #expect(datagram.bytes == Array("ping".utf8))
        #expect(Socket.send(server.raw, Array("pong".utf8), to: datagram.sender) == 0)
        try loop.wait(until: monotonicNow() + 1_000_000_000)
        let packets = zone.injected()
        try #require(packets.count == 1)
        let packet = try #require(CapturedPacket(packet: packets[0]))
        #expect(packet.key == FlowKey(worker: target, remote: .v4(0xc000_0002, port: 4000)))
        #expect(packets[0].suffix(4) == Array("pong".utf8)[...])
        datagrams.finishAll()
        #expect(ledger.count(#""event":"close""#, #""bytes_sent":4"#, #""bytes_received":4"#) == 1)
    }

    @Test func `a denied datagram is answered at once, and goes nowhere`() throws {
        let datagrams = try datagrams(allow: [])
        try send("ping", from: 4000, to: target, datagrams, now: 1)
        #expect(zone.injected().map(unreachableCode) == [3])
        #expect(server.receive().0 == .wouldBlock)
        #expect(loop.count == 2, "the zone's two sockets and no flow's")
        #expect(ledger.count(#""event":"datagram""#, #""decision":"deny""#) == 1)
        #expect(datagrams.nextDeadline == nil)
    }

    @Test func `a port that is closed out there is closed inside`() throws {
        let other = End(try Socket.make(AF_INET, Socket.datagram).release())
        try Pair.bindToLoopback(other.raw)
        let closed = try #require(Socket.localAddress(other.raw))
        // Nobody receives what is sent to a socket that is connected elsewhere: it is refused.
        #expect(Socket.connect(other.raw, to: closed) == 0)
        let datagrams = try datagrams(allow: ["127.0.0.1:\(closed.port)"])
        try send("ping", from: 4000, to: closed, datagrams, now: monotonicNow())
        try loop.wait(until: monotonicNow() + 1_000_000_000)
        #expect(zone.injected().map(unreachableCode) == [3])
    }

    @Test func `a flow ends when it was idle for two minutes`() throws {
        let datagrams = try datagrams()
        let second: UInt64 = 1_000_000_000
        try send("one", from: 4000, to: target, datagrams, now: 1000)
        try send("two", from: 4001, to: target, datagrams, now: 10 * second)
        #expect(try #require(datagrams.nextDeadline) <= 2 * second, "idle flows are looked for soon")
        datagrams.tick(now: 999 + Datagrams.idleTimeout)
        #expect(loop.count == 4)
        datagrams.tick(now: 2 * second + Datagrams.idleTimeout)
        #expect(loop.count == 3)
        try send("again", from: 4001, to: target, datagrams, now: 20 * second)
        datagrams.tick(now: 19 * second + Datagrams.idleTimeout)
        #expect(loop.count == 3)
        datagrams.tick(now: 21 * second + Datagrams.idleTimeout)
        #expect(loop.count == 2)
        datagrams.tick(now: 30 * second + Datagrams.idleTimeout)
        #expect(datagrams.nextDeadline == nil, "without flows there is nothing to look for")
        #expect(ledger.count(#""event":"close""#) == 2)
    }

    @Test func `a full table refuses, and makes room by the idlest flow only`() async {
        await #expect(processExitsWith: .success) {
            // A process of its own: the flows take more descriptors than other tests can spare.
            ProcessSignal.raiseDescriptorLimit()
            let world = try DatagramsTests()
            try world.fillTable()
        }
    }

    private func fillTable() throws {
        let datagrams = try datagrams()
        for number in 0..<Datagrams.maximum {
            try send("x", from: UInt16(10_000 + number), to: target, datagrams, now: 1000 + UInt64(number))
        }
        expect(loop.count == 2 + Datagrams.maximum, "every flow has its socket")
        try send("x", from: 9000, to: target, datagrams, now: 999 + Datagrams.spareAfter)
        expect(zone.injected().map(unreachableCode) == [3], "one more is refused at once")
        expect(ledger.count("too many flows", #""decision":"deny""#) == 1, "and told")
        try send("x", from: 10_001, to: target, datagrams, now: 999 + Datagrams.spareAfter)
        expect(zone.injected().isEmpty, "those that are there go on")
        try send("x", from: 9000, to: target, datagrams, now: 1000 + Datagrams.spareAfter)
        expect(zone.injected().isEmpty, "a flow that is idle for long enough makes room")
        expect(loop.count == 2 + Datagrams.maximum, "for one")
        expect(ledger.count(#""event":"close""#) == 1, "and its end is told")
    }

    /// An expectation in a process of its own, where a failure has to end it.
    private func expect(_ holds: Bool, _ what: String) {
        precondition(holds, what)
    }
}
