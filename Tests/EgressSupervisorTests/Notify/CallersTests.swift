// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressPolicy
import LinuxSystem
import Testing

@testable import EgressSupervisor

struct CallersTests {
    private func key(_ port: UInt16) -> FlowKey {
        FlowKey(worker: .v4(0xc000_0002, port: port), remote: .v4(0x5db8_d822, port: 443))
    }

    @Test func `a connection takes its note away, datagrams leave theirs`() {
        let callers = Callers()
        callers.socket = { _ in 99 }
        callers.note(note(7), for: key(1), .tcp)
        callers.note(note(8, 99), for: key(1), .udp)
        #expect(callers.note(of: key(1), .tcp) == note(7))
        #expect(callers.note(of: key(1), .tcp) == nil)
        #expect(callers.note(of: key(1), .udp) == note(8, 99))
        #expect(callers.note(of: key(1), .udp) == note(8, 99))
        #expect(callers.note(of: key(2), .udp) == nil)
    }

    private func note(_ pid: Int32, _ socket: UInt64? = nil) -> Callers.Note {
        Callers.Note(caller: Caller(pid: pid), program: pid, socket: socket)
    }

    @Test func `a datagram's note counts only while the port is that socket's`() {
        let callers = Callers()
        var asked: [SocketAddress] = []
        var current: UInt64? = 99
        callers.socket = {
            asked.append($0)
            return current
        }
        callers.note(note(8, 99), for: key(1), .udp)
        #expect(callers.note(of: key(1), .udp)?.caller?.pid == 8)
        for other in [100, nil] as [UInt64?] {
            current = other
            #expect(callers.note(of: key(1), .udp) == nil, "another socket, or none, or several")
        }
        #expect(asked == [SocketAddress](repeating: key(1).worker, count: 3))
        callers.note(note(9), for: key(1), .udp)
        #expect(callers.note(of: key(1), .udp) == nil, "what is not known is no match")
    }

    @Test func `a mapped address is the address that it maps`() {
        let callers = Callers()
        let mapped = FlowKey(
            worker: .v6(high: 0, low: 0xffff_c000_0002, port: 1),
            remote: .v6(high: 0, low: 0xffff_5db8_d822, port: 443)
        )
        callers.note(note(7), for: mapped, .tcp)
        #expect(callers.note(of: key(1), .tcp) == note(7))
    }

    @Test func `the oldest note makes room`() {
        let callers = Callers()
        for port in 1...UInt16(Callers.maximum) + 10 { callers.note(note(Int32(port)), for: key(port), .tcp) }
        for port in 1...10 as ClosedRange<UInt16> { #expect(callers.note(of: key(port), .tcp) == nil) }
        for port in 11...UInt16(Callers.maximum) + 10 {
            #expect(callers.note(of: key(port), .tcp) == note(Int32(port)))
        }
    }
}
