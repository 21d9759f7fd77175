// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import Testing

@testable import EgressSupervisor

struct ZoneTests {
    @Test func `packets are told in order, and what is none is passed over`() throws {
        let loop = try EventLoop()
        let zone = try FakeZone(loop: loop)
        zone.send(tcp: Sample.syn4)
        zone.send(tcp: [1, 2, 3])
        zone.send(tcp: Sample.syn4WithOptions)
        try loop.wait(until: monotonicNow())
        #expect(zone.received.map(\.transport) == [20, 28])
        zone.send(udp: Sample.udp4)
        try loop.wait(until: monotonicNow())
        #expect(zone.received.count == 3)
    }

    @Test func `a zone for some targets takes no packet to another`() throws {
        let loop = try EventLoop()
        let zone = try FakeZone(loop: loop, only: [Sample.remote4])
        zone.send(tcp: Sample.syn4)
        zone.send(udp: Sample.udp4)
        for _ in 0..<3 { try loop.wait(until: monotonicNow()) }
        #expect(zone.received.map(\.key) == [Sample.key4])
    }

    @Test func `many packets leave others their turn, and none is lost`() throws {
        let loop = try EventLoop()
        let zone = try FakeZone(loop: loop)
        for _ in 0..<100 { zone.send(tcp: Sample.syn4) }
        try loop.wait(until: monotonicNow())
        #expect(zone.received.count == 64)
        try zone.zone().drain()
        #expect(zone.received.count == 100)
    }
}
