// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressPolicy
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
            // A process of its own: the flows take many descriptors.
            let world = try DatagramsTests()
            try world.fillTable()
        }
    }

    /// The shares of a table of 64: 16 for an address, 32 for a program or for those that are not known.
    private func fillTable() throws {
        let gate = try Gate(allow: (1...5).map { "127.0.0.\($0):\(target.port)" }, ledger)
        let datagrams = Datagrams(gate: gate, loop: loop, descriptors: 256)
        gate.callers.socket = { UInt64($0.port) }
        func attempt(_ host: UInt32, _ ports: Range<UInt16>, by program: Int32? = nil, now: UInt64) throws -> [UInt8?] {
            let remote = SocketAddress.v4(0x7f00_0000 + host, port: target.port)
            for port in ports {
                let key = FlowKey(worker: .v4(0xc000_0002, port: port), remote: remote)
                let note = Callers.Note(program: program, socket: UInt64(port))
                if program != nil { gate.callers.note(note, for: key, .udp) }
                try send("x", from: port, to: remote, datagrams, now: now + UInt64(port))
            }
            return zone.injected().map(unreachableCode)
        }
        expect(try attempt(1, 1000..<1016, by: 1, now: 0).isEmpty, "an address has its quarter")
        expect(try attempt(1, 2000..<2001, by: 2, now: 0) == [3], "and no more, whoever sends there: refused at once")
        expect(ledger.count("too many flows of datagrams to this address", "limit_reached") == 1, "which is told")
        expect(try attempt(1, 1001..<1002, by: 1, now: 0).isEmpty, "those that are there go on")
        expect(try attempt(2, 1016..<1032, by: 1, now: 0).isEmpty, "a program has its half")
        expect(try attempt(3, 1032..<1033, by: 1, now: 0) == [3], "and no more, wherever it sends")
        expect(ledger.count("too many flows of datagrams of this program", "limit_reached") == 1, "which is told")
        expect(try attempt(3, 3000..<3016, now: 0).isEmpty, "there is room for those that are not known")
        expect(try attempt(4, 3016..<3032, now: 0).isEmpty, "a half, too")
        expect(try attempt(5, 4000..<4001, by: 2, now: 0) == [3], "the table is full")
        expect(loop.count == 2 + 64, "every flow has its socket")
        let later = Datagrams.spareAfter
        expect(try attempt(1, 2000..<2001, by: 2, now: later - 1000).isEmpty, "an idle flow to the address makes room")
        expect(loop.count == 2 + 64, "for one")
        expect(ledger.count(#""event":"close""#) == 1, "and its end is told")
    }

    @Test(arguments: [true, false]) func `a port that is used again is another's flow`(_ connects: Bool) throws {
        let gate = try Gate(allow: ["127.0.0.1:\(target.port)"], ledger)
        let datagrams = Datagrams(gate: gate, loop: loop)
        var cookie: UInt64? = 7
        gate.callers.socket = { _ in cookie }
        let key = FlowKey(worker: .v4(0xc000_0002, port: 4000), remote: target)
        gate.callers.note(Callers.Note(caller: Caller(pid: 11), program: 11, socket: 7), for: key, .udp)
        try send("one", from: 4000, to: target, datagrams, now: 1000)
        try send("two", from: 4000, to: target, datagrams, now: 2000 + Datagrams.askAgain)
        #expect(ledger.count(#""event":"datagram""#, #""pid":11"#) == 1, "one flow, and whose it is")
        #expect(ledger.lines.count == 1)
        // The port is another socket's now, which was connected, or was not.
        cookie = 8
        if connects { gate.callers.note(Callers.Note(caller: Caller(pid: 12), program: 12, socket: 8), for: key, .udp) }
        let soon = connects ? 3000 + Datagrams.askAgain : 3000 + 2 * Datagrams.askAgain
        try send("three", from: 4000, to: target, datagrams, now: soon)
        #expect(ledger.count(#""event":"close""#, #""pid":11"#, #""bytes_sent":6"#) == 1)
        #expect(ledger.count(#""event":"datagram""#) == 2)
        #expect(ledger.count(#""event":"datagram""#, #""pid":12"#) == (connects ? 1 : 0))
        #expect(ledger.count(#""event":"datagram""#, #""pid":11"#) == 1, "the first is told of nothing more")
    }

    /// An expectation in a process of its own, where a failure has to end it.
    private func expect(_ holds: Bool, _ what: String) {
        precondition(holds, what)
    }
}
