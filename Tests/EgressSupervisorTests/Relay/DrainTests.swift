// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Glibc
import LinuxSystem
import Testing

@testable import EgressSupervisor

/// What a command had sent when it ended, with other sides that read it, or don't.
@Suite(.serialized) struct DrainTests {
    private let loop: EventLoop
    private let ledger: Ledger
    private let relay: Relay
    private let second: UInt64 = 1_000_000_000

    init() throws {
        loop = try EventLoop()
        ledger = try Ledger()
        relay = Relay(loop: loop, gate: try Gate(allow: [], ledger))
    }

    /// A flow whose program has sent more than fits; its server, and the program, which may go.
    private func stalled() throws -> (server: End, program: End) {
        let inside = try Pair.tcp(buffer: 32 * 1024), outside = try Pair.tcp(buffer: 32 * 1024)
        relay.join(
            worker: inside.1.descriptor,
            upstream: outside.0.descriptor,
            remote: .v4(0x5db8_d822, port: 80),
            judgement: Gate.Judgement(verdict: .init(.allowed), host: nil)
        )
        let chunk = [UInt8](repeating: 7, count: 65536)
        for _ in 0..<100 {
            _ = inside.0.send(chunk[...])
            try loop.wait(until: monotonicNow() + 1_000_000)
        }
        try #require(!relay.isDrained)
        return (outside.1, inside.0)
    }

    private func turn() throws {
        for _ in 0..<10 { try loop.wait(until: monotonicNow() + 1_000_000) }
    }

    @Test func `without anything to send it is over at once`() {
        var drain = Drain(now: 0, timeout: nil)
        #expect(drain.wait(for: relay, isInterrupted: false, now: 0) == nil)
        #expect(drain.line == nil)
    }

    @Test func `a connection that stands still is given up, with a reset`() throws {
        let (server, _) = try stalled()
        var drain = Drain(now: 0, timeout: nil)
        #expect(drain.wait(for: relay, isInterrupted: false, now: 0) == Drain.interval)
        #expect(drain.wait(for: relay, isInterrupted: false, now: Drain.patience - 1) != nil)
        #expect(relay.count == 1)
        #expect(drain.wait(for: relay, isInterrupted: false, now: Drain.patience + Drain.interval) == nil)
        #expect(relay.count == 0)
        #expect(drain.lost > 0)
        #expect(try #require(drain.line).hasSuffix("the other side took nothing for 30 s"))
        while case (.bytes, _) = server.receive() {}
        #expect(server.receive().0 != .wouldBlock, "it is over for the server")
    }

    /// What one connection does is no excuse for another.
    @Test func `progress is judged for each connection`() throws {
        let (trickling, program) = try stalled(), (still, _) = try stalled()
        var drain = Drain(now: 0, timeout: nil), now: UInt64 = 0
        var turns = 0
        while relay.count == 2, turns < 100 {
            #expect(drain.wait(for: relay, isInterrupted: false, now: now) != nil)
            _ = trickling.receive(4096)
            _ = program.send([UInt8](repeating: 7, count: 4096)[...])
            try turn()
            now += second
            turns += 1
        }
        #expect(relay.count == 1, "the one that stands still is given up")
        #expect(now <= Drain.patience + 2 * second, "after its own time")
        withExtendedLifetime(still) {}
    }

    @Test func `a trickle holds the run for two minutes at most`() throws {
        let (server, program) = try stalled()
        var drain = Drain(now: 0, timeout: nil), now: UInt64 = 0
        while drain.wait(for: relay, isInterrupted: false, now: now) != nil, now < 10 * Drain.maximum {
            // As much as TCP waits for before it opens its window again.
            _ = server.receive(32 * 1024)
            _ = program.send([UInt8](repeating: 7, count: 32 * 1024)[...])
            try turn()
            now += 10 * second
        }
        #expect(now == Drain.maximum)
        #expect(try #require(drain.line).contains("2 minutes"))
    }

    @Test func `the time-out of the run ends it, whatever moves`() throws {
        let (server, _) = try stalled()
        var drain = Drain(now: 0, timeout: 3 * second)
        #expect(drain.wait(for: relay, isInterrupted: false, now: 3 * second - 1) == 3 * second)
        #expect(drain.wait(for: relay, isInterrupted: false, now: 3 * second) == nil)
        #expect(try #require(drain.line).hasSuffix("the time-out passed"))
        withExtendedLifetime(server) {}
    }

    @Test func `a signal ends it`() throws {
        let (server, _) = try stalled()
        var drain = Drain(now: 0, timeout: nil)
        #expect(drain.wait(for: relay, isInterrupted: false, now: 0) != nil)
        #expect(drain.wait(for: relay, isInterrupted: true, now: 1) == nil)
        #expect(try #require(drain.line).hasSuffix("a signal came"))
        withExtendedLifetime(server) {}
    }

    @Test func `what the server takes in time is not told`() throws {
        let (server, _) = try stalled()
        var drain = Drain(now: 0, timeout: nil), now: UInt64 = 0
        // The program is gone: with its last bytes comes the end of file.
        while drain.wait(for: relay, isInterrupted: false, now: now) != nil, now < Drain.patience {
            _ = server.receiveAll()
            try loop.wait(until: monotonicNow() + 1_000_000)
            now += 1_000_000
        }
        #expect(relay.isDrained)
        #expect(drain.line == nil)
    }
}
