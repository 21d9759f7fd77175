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
        callers.note(Caller(pid: 7), for: key(1), .tcp)
        callers.note(Caller(pid: 8), for: key(1), .udp)
        #expect(callers.caller(of: key(1), .tcp)?.pid == 7)
        #expect(callers.caller(of: key(1), .tcp) == nil)
        #expect(callers.caller(of: key(1), .udp)?.pid == 8)
        #expect(callers.caller(of: key(1), .udp)?.pid == 8)
        #expect(callers.caller(of: key(2), .udp) == nil)
    }

    @Test func `a mapped address is the address that it maps`() {
        let callers = Callers()
        let mapped = FlowKey(
            worker: .v6(high: 0, low: 0xffff_c000_0002, port: 1),
            remote: .v6(high: 0, low: 0xffff_5db8_d822, port: 443)
        )
        callers.note(Caller(pid: 7), for: mapped, .tcp)
        #expect(callers.caller(of: key(1), .tcp)?.pid == 7)
    }

    @Test func `the oldest note makes room`() {
        let callers = Callers()
        for port in 1...UInt16(Callers.maximum) + 10 { callers.note(Caller(pid: Int32(port)), for: key(port), .udp) }
        for port in 1...10 as ClosedRange<UInt16> { #expect(callers.caller(of: key(port), .udp) == nil) }
        for port in 11...UInt16(Callers.maximum) + 10 {
            #expect(callers.caller(of: key(port), .udp)?.pid == Int32(port))
        }
    }
}
