// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressSandbox
import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import EgressSupervisor

/// The way of a SYN, with a listener of the test's own on 127.0.0.1 in place of one in R.
///
/// Without namespaces the upstream connection goes to that listener too; nobody asked for its other end, so that it is
/// reset as soon as it is accepted, and with it whatever was joined to it.
@Suite(.serialized) struct ConnectionsTests {
    private final class World {
        let loop: EventLoop
        let zone: FakeZone
        let ledger: Ledger
        let relay: Relay
        let connections: Connections
        let listeners: Listeners
        let callers: Callers
        let target: SocketAddress
        let listener: Int32
        private let agentEnd: End
        let pinned = Pinned()

        /// What the target's address is pinned for.
        final class Pinned { var names: [Host] = [] }

        init(allow: [String]? = nil, deny: [String] = [], descriptors: Int = 65536) throws {
            loop = try EventLoop()
            zone = try FakeZone(loop: loop)
            ledger = try Ledger()
            let socket = try Socket.make(AF_INET, Socket.stream)
            try Pair.bindToLoopback(socket.raw)
            try #require(listen(socket.raw, 16) == 0)
            listener = socket.raw
            target = try #require(Socket.localAddress(socket.raw))
            let pinned = pinned
            let gate = try Gate(allow: allow ?? ["127.0.0.1:\(target.port)"], deny: deny, ledger) { _, _ in pinned.names
            }
            relay = Relay(loop: loop, gate: gate)
            connections = Connections(gate: gate, loop: loop, relay: relay, descriptors: descriptors)
            callers = gate.callers
            let (ours, agent) = try Pair.messages()
            agentEnd = agent
            let control = FileDescriptor(owning: dup(ours.raw))
            listeners = Listeners(agent: Agent(control: control), loop: loop, connections: connections)
            connections.listeners = listeners
            try listeners.add(loopback: socket)
        }

        /// The worker sends a SYN from a port.
        func syn(
            from worker: SocketAddress,
            to remote: SocketAddress? = nil,
            sequence: UInt32 = 7,
            by program: Int32? = nil,
            now: UInt64? = nil
        ) throws {
            let key = FlowKey(worker: worker, remote: remote ?? target)
            if let program { callers.note(Callers.Note(program: program), for: key, .tcp) }
            let packet = try #require(CapturedPacket(packet: synPacket(key, sequence: sequence)))
            connections.receive(packet, sequence: sequence, from: try zone.zone(), now: now ?? monotonicNow())
        }

        /// Puts the agent's next answer in: EGRESS_REPORT_LISTENER, with a descriptor or with ENFILE.
        func agentWillAnswer(with listener: Int32?) {
            let report: [UInt8] = [8, 0, 0, 0, listener == nil ? 23 : 0, 0, 0, 0] + [UInt8](repeating: 0, count: 120)
            #expect(sendMessage(report, descriptors: listener.map { [$0] } ?? [], on: agentEnd.raw))
        }

        /// What the agent was asked.
        func requests() -> [[UInt8]] {
            var requests: [[UInt8]] = []
            while case (.bytes, let request) = agentEnd.receive() { requests.append(request) }
            return requests
        }

        /// A SYN without options. Its checksums are left to others, as the worker's kernel leaves them.
        private func synPacket(_ key: FlowKey, sequence: UInt32) -> [UInt8] {
            func bytes(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
            let ports = [key.worker.port, key.remote.port].flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
            return [0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0] + key.worker.networkBytes + key.remote.networkBytes
                + ports + bytes(sequence) + [0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0]
        }
    }

    /// What a packet that was put in says.
    private enum Answer: Equatable {
        case released, reset(acknowledged: UInt32), unreachable(code: UInt8), other
    }

    private func answers(_ world: World) -> [Answer] {
        world.zone.injected().map { packet in
            if packet[9] == 1 { return .unreachable(code: packet[21]) }
            guard packet[9] == 6 else { return .other }
            if packet[33] == 0x02 { return packet[8] == PacketFilters.releasedTTL ? .released : .other }
            return .reset(acknowledged: packet[28..<32].reduce(0) { $0 << 8 | UInt32($1) })
        }
    }

    private let worker = SocketAddress.v4(0xc000_0002, port: 4000)

    @Test func `a denied SYN is answered with a reset, and nothing is connected`() throws {
        let world = try World(allow: [])
        try world.syn(from: worker, sequence: 41)
        #expect(answers(world) == [.reset(acknowledged: 42)])
        #expect(try Socket.accept(world.listener) == nil)
        #expect(world.ledger.count(#""event":"connect""#, #""decision":"deny""#) == 1)
        #expect(world.connections.nextDeadline == nil)
    }

    // MARK: Listeners

    /// A port of 127.0.0.1 that is bound, so that nobody else has it, and closed.
    private func closedPort() throws -> (FileDescriptorBox, SocketAddress) {
        let socket = try Socket.make(AF_INET, Socket.stream)
        let number = socket.raw
        try Pair.bindToLoopback(number)
        return (FileDescriptorBox(socket), try #require(Socket.localAddress(number)))
    }

    @Test func `a target that refuses is one that refuses inside`() throws {
        let (socket, closed) = try closedPort()
        let world = try World(allow: ["127.0.0.1:\(closed.port)"])
        world.agentWillAnswer(with: world.listener)
        try world.syn(from: worker, to: closed)
        #expect(answers(world) == [.reset(acknowledged: 8)])
        #expect(world.ledger.count(#""decision":"deny""#) == 0)
        #expect(world.connections.nextDeadline == nil)
        _ = socket
    }

    @Test func `a listener is minted once for a port`() throws {
        let (socket, closed) = try closedPort()
        let world = try World(allow: ["127.0.0.1:\(closed.port)"])
        world.agentWillAnswer(with: world.listener)
        for sequence in 1...3 as ClosedRange<UInt32> { try world.syn(from: worker, to: closed, sequence: sequence) }
        #expect(
            world.requests().map { Array($0) } == [
                [0, 0, 0, 0, UInt8(closed.port & 255), UInt8(closed.port >> 8), 0, 0]
            ]
        )
        _ = socket
    }

    @Test func `a SYN to a port for which no listener can be had is refused`() throws {
        let (socket, closed) = try closedPort()
        let world = try World(allow: ["127.0.0.1:\(closed.port)"])
        world.agentWillAnswer(with: nil)
        try world.syn(from: worker, to: closed)
        #expect(answers(world) == [.reset(acknowledged: 8)])
        #expect(world.ledger.count("no listener can be had") == 1)
        world.agentWillAnswer(with: world.listener)
        try world.syn(from: worker, to: closed)
        #expect(world.requests().count == 2, "the next SYN asks again")
        _ = socket
    }

    /// Its answers and our requests might no longer match.
    @Test func `an agent that misses an answer is asked no more`() throws {
        let (socket, closed) = try closedPort()
        let world = try World(allow: ["127.0.0.1:\(closed.port)"])
        try world.syn(from: worker, to: closed)
        world.agentWillAnswer(with: world.listener)
        try world.syn(from: worker, to: closed)
        #expect(answers(world) == [.reset(acknowledged: 8), .reset(acknowledged: 8)])
        #expect(world.requests().count == 1)
        _ = socket
    }

    @Test func `a socket of W that does not listen is only kept`() throws {
        let socket = try Socket.make(AF_INET, Socket.stream)
        try Pair.bindToLoopback(socket.raw)
        let world = try World()
        let count = world.loop.count
        try world.listeners.add(loopback: socket)
        #expect(world.loop.count == count)
    }

    // MARK: Connections

    @Test func `a SYN whose target answers is released, and given up when nobody comes`() throws {
        let world = try World()
        try world.syn(from: worker)
        #expect(answers(world) == [.released])
        let now = monotonicNow()
        #expect(try #require(world.connections.nextDeadline) <= now + Connections.sweepInterval)
        world.connections.tick(now: now + Connections.acceptTimeout + Connections.sweepInterval)
        world.connections.tick(now: now + Connections.acceptTimeout * 2)
        #expect(world.connections.nextDeadline == nil, "nothing is held any more")
        #expect(world.relay.count == 0)
    }

    @Test func `a retransmission of a released SYN releases it again and connects no second time`() throws {
        let world = try World()
        try world.syn(from: worker, sequence: 7)
        try world.syn(from: worker, sequence: 7)
        #expect(answers(world) == [.released, .released])
        #expect(world.ledger.count(#""event":"connect""#) == 1)
    }

    @Test func `another attempt from the same port is judged anew`() throws {
        let world = try World()
        try world.syn(from: worker, sequence: 7)
        try world.syn(from: worker, sequence: 8)
        #expect(answers(world) == [.released, .released])
        #expect(world.ledger.count(#""event":"connect""#) == 2)
    }

    @Test func `the connection that was judged is relayed`() throws {
        let world = try World()
        let client = End(try Socket.make(AF_INET, Socket.stream).release())
        _ = Socket.connect(client.raw, to: world.target)
        let port = try #require(Socket.localAddress(client.raw))
        try world.syn(from: port)
        #expect(world.relay.count == 1)
        // The upstream's other end came to the same listener, where no SYN of it was judged: reset, and mirrored.
        for _ in 0..<20 where world.relay.count > 0 { try world.loop.wait(until: monotonicNow() + 10_000_000) }
        #expect(world.relay.count == 0)
        #expect(client.receive().0 == .failed(ECONNRESET))
        #expect(world.ledger.count(#""event":"close""#) == 1)
    }

    @Test func `a connection whose SYN nobody judged is reset`() throws {
        let world = try World()
        let client = End(try Socket.make(AF_INET, Socket.stream).release())
        _ = Socket.connect(client.raw, to: world.target)
        try world.loop.wait(until: monotonicNow() + 1_000_000_000)
        #expect(client.receive().0 == .failed(ECONNRESET))
        #expect(world.relay.count == 0)
    }

    /// The second judgement: what was allowed when the SYN came may be denied when the connection is accepted.
    @Test(arguments: [true, false]) func `what is accepted is judged once more`(_ isDenied: Bool) throws {
        let world = try World(deny: ["bad.example.com"])
        let client = End(try Socket.make(AF_INET, Socket.stream).release())
        try Pair.bindToLoopback(client.raw)
        try world.syn(from: try #require(Socket.localAddress(client.raw)))
        #expect(answers(world) == [.released])
        if isDenied { world.pinned.names = [try Host("bad.example.com")] }
        _ = Socket.connect(client.raw, to: world.target)
        try world.loop.wait(until: monotonicNow() + 1_000_000_000)
        #expect(world.relay.count == (isDenied ? 0 : 1))
        if isDenied { #expect(client.receive().0 == .failed(ECONNRESET)) }
    }

    @Test func `a target or a program that fills its share of the table leaves the rest to others`() async {
        await #expect(processExitsWith: .success) {
            ProcessSignal.raiseDescriptorLimit()
            try ConnectionsTests().fillTable()
        }
    }

    /// The shares of a table of 256: 64 for an address, 128 for a program.
    private func fillTable() throws {
        // It listens at all addresses, on a port of its own.
        let listener = try Socket.make(AF_INET, Socket.stream), number = listener.raw
        try #require(listen(number, 256) == 0)
        let target = try #require(Socket.localAddress(number))
        let world = try World(allow: (1...5).map { "127.0.0.\($0):\(target.port)" }, descriptors: 1024)
        world.agentWillAnswer(with: number)
        var port: UInt16 = 1000
        func attempt(_ address: UInt32, _ program: Int32?, _ count: Int = 1) throws -> [Answer] {
            for _ in 0..<count {
                port += 1
                try world.syn(from: .v4(0xc000_0002, port: port), to: .v4(address, port: target.port), by: program)
            }
            return answers(world)
        }
        func isReleased(_ answers: [Answer]) -> Bool { answers.allSatisfy { $0 == .released } }
        expect(isReleased(try attempt(0x7f00_0001, 1, 64)), "an address has its quarter")
        expect(try attempt(0x7f00_0001, 2) == [.reset(acknowledged: 8)], "and no more, whoever wants it")
        expect(world.ledger.count("too many connections to this address", "limit_reached") == 1, "which is told")
        expect(isReleased(try attempt(0x7f00_0002, 1, 64)), "a program has its half")
        expect(try attempt(0x7f00_0003, 1) == [.reset(acknowledged: 8)], "and no more, wherever it goes")
        expect(world.ledger.count("too many connections of this program", "limit_reached") == 1, "which is told")
        expect(isReleased(try attempt(0x7f00_0003, 2, 64)), "another program goes there")
        expect(isReleased(try attempt(0x7f00_0004, nil, 64)), "and what is not known")
        expect(try attempt(0x7f00_0005, 3) == [.reset(acknowledged: 8)], "the table is full")
        expect(world.ledger.count("too many connections are waiting") == 1, "which is told")
        world.connections.tick(now: monotonicNow() + Connections.acceptTimeout + Connections.sweepInterval)
        expect(isReleased(try attempt(0x7f00_0001, 1)), "there is room again")
    }

    /// An expectation in a process of its own, where a failure has to end it.
    private func expect(_ holds: Bool, _ what: String) {
        precondition(holds, what)
    }
}
