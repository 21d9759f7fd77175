// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Glibc
import LinuxSystem
import Testing

@testable import EgressSupervisor

/// A relay between a program inside and a server outside, both played by the test, over loopback.
private final class RelayWorld {
    let loop: EventLoop
    let relay: Relay
    let ledger: Ledger

    init() throws {
        loop = try EventLoop()
        ledger = try Ledger()
        relay = Relay(loop: loop, gate: try Gate(allow: [], ledger))
    }

    /// A relayed connection: its program's end and its server's.
    func join(_ worker: (End, End), _ upstream: (End, End)) -> (program: End, server: End) {
        relay.join(
            worker: worker.1.descriptor,
            upstream: upstream.1.descriptor,
            remote: Sample.remote4,
            judgement: Gate.Judgement(verdict: Verdict(.allowed), host: nil)
        )
        return (worker.0, upstream.0)
    }

    /// Runs the loop until `isDone`; false after five seconds.
    func run(_ isDone: () throws -> Bool) throws -> Bool {
        let limit = monotonicNow() + 5_000_000_000
        while try !isDone() {
            if monotonicNow() > limit { return false }
            try loop.wait(until: monotonicNow() + 1_000_000)
        }
        return true
    }
}

@Suite(.serialized) struct FlowTests {
    private let world: RelayWorld

    init() throws {
        world = try RelayWorld()
    }

    private func tcp(buffer: Int32? = nil) throws -> (program: End, server: End) {
        world.join(try Pair.tcp(buffer: buffer), try Pair.tcp(buffer: buffer))
    }

    @Test func `bytes pass both ways at once, and all of them`() throws {
        let (program, server) = try tcp()
        var random = SeededGenerator(seed: 9293)
        let outward = random.bytes(3_000_000), inward = random.bytes(2_000_001)
        var sent = (0, 0)
        var (atServer, atProgram): ([UInt8], [UInt8]) = ([], [])
        let isDone = try world.run {
            if case .bytes(let count) = program.send(outward[sent.0...]) { sent.0 += count }
            if case .bytes(let count) = server.send(inward[sent.1...]) { sent.1 += count }
            atServer += server.receiveAll()
            atProgram += program.receiveAll()
            return atServer.count >= outward.count && atProgram.count >= inward.count
        }
        #expect(isDone)
        #expect(atServer == outward)
        #expect(atProgram == inward)
    }

    @Test func `the program's end of file reaches the server, which may still answer`() throws {
        let (program, server) = try tcp()
        _ = program.send([1, 2, 3])
        Socket.shutdownWriting(program.raw)
        var heard: [UInt8] = []
        #expect(
            try world.run {
                let (transfer, bytes) = server.receive()
                heard += bytes
                return transfer == .end
            }
        )
        #expect(heard == [1, 2, 3])
        #expect(world.relay.count == 1)
        #expect(world.relay.isDrained)
        _ = server.send([4, 5])
        #expect(try world.run { program.receive().1 == [4, 5] })
        Socket.shutdownWriting(server.raw)
        #expect(try world.run { program.receive().0 == .end && world.relay.count == 0 })
    }

    @Test func `the server's end of file reaches the program, which may still send`() throws {
        let (program, server) = try tcp()
        Socket.shutdownWriting(server.raw)
        #expect(try world.run { program.receive().0 == .end })
        #expect(!world.relay.isDrained)
        _ = program.send([6, 7])
        #expect(try world.run { server.receive().1 == [6, 7] })
        Socket.shutdownWriting(program.raw)
        #expect(try world.run { server.receive().0 == .end && world.relay.count == 0 })
    }

    @Test(arguments: [true, false]) func `a reset on one side is a reset on the other`(_ isProgram: Bool) throws {
        let (program, server) = try tcp()
        let (one, other) = isProgram ? (program, server) : (server, program)
        _ = program.send([1])
        #expect(try world.run { server.receive().1 == [1] })
        Socket.resetOnClose(one.raw)
        // Disconnects at once, as a close would, and leaves the number ours.
        disconnect(one.raw)
        #expect(try world.run { other.receive().0 == .failed(ECONNRESET) })
        #expect(world.relay.count == 0)
    }

    @Test func `the end of a flow is told once, with its bytes`() throws {
        let (program, server) = try tcp()
        _ = program.send([1, 2, 3])
        #expect(try world.run { server.receive().1.count == 3 })
        _ = server.send([4, 5])
        Socket.shutdownWriting(program.raw)
        Socket.shutdownWriting(server.raw)
        #expect(try world.run { world.relay.count == 0 })
        #expect(world.ledger.lines.count == 1)
        #expect(world.ledger.count(#""event":"close""#, #""bytes_sent":3"#, #""bytes_received":2"#) == 1)
    }

    @Test func `all flows can be ended at once`() throws {
        let ends = try (0..<5).map { _ in try tcp() }
        #expect(world.relay.count == 5)
        world.relay.finishAll()
        #expect(world.relay.count == 0)
        #expect(world.loop.count == 0)
        #expect(world.ledger.count(#""event":"close""#) == 5)
        for (program, _) in ends { #expect(try world.run { program.receive().0 == .end }) }
    }

    @Test(arguments: [true, false]) func `a flow that is over holds no descriptor`(_ isReset: Bool) throws {
        weak var worker: FileDescriptorBox?
        weak var upstream: FileDescriptorBox?
        let program: End, server: End
        do {
            let inside = try Pair.tcp(), outside = try Pair.tcp()
            (worker, upstream) = (inside.1.descriptor, outside.1.descriptor)
            (program, server) = world.join(inside, outside)
        }
        #expect(worker != nil && upstream != nil, "the probe: the flow holds them")
        if isReset {
            Socket.resetOnClose(program.raw)
            disconnect(program.raw)
        } else {
            for end in [program, server] { Socket.shutdownWriting(end.raw) }
        }
        #expect(try world.run { world.relay.count == 0 })
        #expect(worker == nil && upstream == nil)
        #expect(world.loop.count == 0)
    }

    @Test func `a reader that doesn't read stops the writer, and loses nothing`() throws {
        let buffer: Int32 = 32 * 1024
        let (program, server) = try tcp(buffer: buffer)
        var random = SeededGenerator(seed: 896)
        let content = random.bytes(4_000_000)
        var sent = 0
        var stalls = 0
        // Four buffers of twice that size (socket(7)) and one chunk are all the room there is.
        let room = 4 * 2 * Int(buffer) + Relay.chunk
        let isStalled = try world.run {
            if case .bytes(let count) = program.send(content[sent...]) {
                sent += count
                stalls = 0
            } else {
                stalls += 1
            }
            return stalls > 50
        }
        #expect(isStalled)
        #expect(sent <= room)
        #expect(!world.relay.isDrained)
        var received: [UInt8] = []
        let isDone = try world.run {
            if sent < content.count, case .bytes(let count) = program.send(content[sent...]) { sent += count }
            if sent == content.count { Socket.shutdownWriting(program.raw) }
            let (transfer, bytes) = server.receive(10_000)
            received += bytes
            return transfer == .end
        }
        #expect(isDone)
        #expect(received == content)
    }

    @Test func `a stopped direction does not stop the other`() throws {
        let (program, server) = try tcp(buffer: 16 * 1024)
        let flood = [UInt8](repeating: 1, count: 100_000)
        var stalls = 0
        _ = try world.run {
            if case .bytes = program.send(flood[...]) { stalls = 0 } else { stalls += 1 }
            return stalls > 20
        }
        _ = server.send([9])
        #expect(try world.run { program.receive().1 == [9] })
    }

    /// Each message is one read, so that a burst can be counted.
    @Test func `a flow with much to move leaves others their turn`() throws {
        let (loud, loudServer) = world.join(try Pair.messages(), try Pair.messages())
        let (soft, softServer) = world.join(try Pair.messages(), try Pair.messages())
        // The first events of all four sockets.
        for _ in 0..<3 { try world.loop.wait(until: monotonicNow()) }
        for number in 0..<100 as Range<UInt8> { _ = loud.send([number]) }
        _ = soft.send([200])
        try world.loop.wait(until: monotonicNow())
        #expect(softServer.receive().1 == [200])
        var heard = loudServer.receiveAll()
        #expect(!heard.isEmpty && heard.count <= Relay.burst)
        #expect(
            try world.run {
                heard += loudServer.receiveAll()
                return heard.count >= 100
            }
        )
        #expect(heard == Array(0..<100))
    }

    private func disconnect(_ descriptor: Int32) {
        // connect(2): AF_UNSPEC dissolves the association; for TCP with a linger of 0 by a reset.
        var address = sockaddr()
        address.sa_family = UInt16(AF_UNSPEC)
        _ = unsafe connect(descriptor, &address, 16)
    }
}
