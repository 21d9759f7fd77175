// SPDX-License-Identifier: Apache-2.0

import EgressSandbox
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// Reports as `egress_send_report` makes them: kind, value, 120 bytes of text, descriptors.
struct SandboxReportTests {
    private let ours, theirs: Int32

    init() throws {
        (ours, theirs) = try FileDescriptor.socketPair(type: Socket.sequencedPacket)
    }

    private func report(_ kind: UInt8, _ value: Int32 = 0, _ what: String = "", descriptors: Int = 0) throws
        -> SandboxReport?
    {
        let text = Array(what.utf8) + [UInt8](repeating: 0, count: 120)
        let bytes = [kind, 0, 0, 0] + NetlinkMessage.bytes(value) + text.prefix(120)
        try #require(sendMessage(bytes, descriptors: [Int32](repeating: 0, count: descriptors), on: theirs))
        return try SandboxReport.receive(ours)
    }

    @Test func `every report is read as it was meant`() throws {
        defer { [ours, theirs].forEach { close($0) } }
        #expect(try report(1, ENOENT, "mounting /proc") == .failed(SystemError("mounting /proc", code: ENOENT)))
        #expect(try report(4, EACCES) == .executionFailed(code: EACCES))
        #expect(try report(5, SIGTSTP) == .stopped(signal: SIGTSTP))
        #expect(try report(6) == .continued)
        #expect(try report(7, 0x0100) == .exited(status: 0x0100))
        #expect(try report(8, ENFILE) == .listener(descriptor: nil, code: ENFILE))
        guard case .ready(let pid, let descriptors) = try report(2, 77, descriptors: 3) else {
            Issue.record("not ready")
            return
        }
        #expect(pid == 77)
        #expect(descriptors.count == 3)
        descriptors.forEach { close($0) }
        guard case .started(let pidfd) = try report(3, descriptors: 1) else {
            Issue.record("not started")
            return
        }
        close(pidfd)
    }

    @Test func `a text without an end is cut, not read past`() throws {
        defer { [ours, theirs].forEach { close($0) } }
        let long = String(repeating: "x", count: 200)
        #expect(try report(1, 1, long) == .failed(SystemError(String(repeating: "x", count: 120), code: 1)))
    }

    @Test func `what is no report is an error, and a gone process is none`() throws {
        #expect(throws: SystemError("reading a report", code: EPROTO)) { _ = try report(99) }
        #expect(throws: SystemError("reading a report", code: EPROTO)) { _ = try report(0) }
        #expect(throws: SystemError("reading a report", code: EPROTO), "no descriptor of what was started") {
            _ = try report(3)
        }
        #expect(sendMessage([1, 0, 0], descriptors: [], on: theirs))
        #expect(throws: SystemError("reading a report", code: EPROTO)) { _ = try SandboxReport.receive(ours) }
        close(theirs)
        #expect(try SandboxReport.receive(ours) == nil)
        close(ours)
    }
}
