// SPDX-License-Identifier: Apache-2.0

import Dispatch
import EgressAudit
import Glibc
import TestSupport
import Testing

/// fcntl(2): F_SETPIPE_SZ, which Swift's Glibc does not have.
private let setPipeSize: Int32 = 1031

/// A pipe whose ends close with it.
private struct Pipe: ~Copyable {
    let reading: Int32
    var writing: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        try #require(unsafe pipe(&ends) == 0)
        (reading, writing) = (ends[0], ends[1])
    }

    deinit {
        close(reading)
        if writing >= 0 { close(writing) }
    }

    /// Reads what is there, at most `count` bytes.
    func read(_ count: Int = 1 << 20) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let count = unsafe Glibc.read(reading, &bytes, bytes.count)
        return Array(bytes.prefix(max(count, 0)))
    }
}

struct LineWriterTests {
    @Test func `an event is a line in the file`() throws {
        let pipe = try Pipe()
        var log = AuditLog(descriptor: pipe.writing)
        try log.write(AuditEvent(.start, at: Timestamp(milliseconds: 0)))
        var exit = AuditEvent(.exit, at: Timestamp(milliseconds: 0))
        exit.status = 7
        try log.write(exit)
        let text = String(decoding: pipe.read(), as: UTF8.self)
        #expect(
            text == #"{"time":"1970-01-01T00:00:00.000Z","event":"start"}"# + "\n"
                + #"{"time":"1970-01-01T00:00:00.000Z","event":"exit","status":7}"# + "\n"
        )
    }

    @Test func `a line ends, however it is given`() throws {
        let pipe = try Pipe()
        var writer = LineWriter(descriptor: pipe.writing)
        for line in ["one", "two\n", ""] { try writer.write(Array(line.utf8)) }
        #expect(pipe.read() == Array("one\ntwo\n\n".utf8))
    }

    @Test func `a failure is told once, and counted after that`() throws {
        let full = unsafe open("/dev/full", O_WRONLY | O_CLOEXEC)
        try #require(full >= 0)
        defer { close(full) }
        var log = AuditLog(descriptor: full)
        let error = #expect(throws: WriteError.self) { try log.write(AuditEvent(.start)) }
        #expect(error?.errno == ENOSPC)
        #expect(error?.description == "No space left on device")
        for _ in 0..<3 { try log.write(AuditEvent(.start)) }
        #expect(log.lostEvents == 4)
    }

    // The command may share the descriptor of --audit - and make it non-blocking.
    @Test func `a pipe that fills up and drains again loses nothing`() throws {
        let pipe = try Pipe()
        try #require(fcntl(pipe.writing, F_SETFL, O_NONBLOCK) == 0)
        try #require(fcntl(pipe.writing, setPipeSize, 4096) == 4096)
        let (reading, lines) = (pipe.reading, 500)
        let everyLineIsRead = DispatchSemaphore(value: 0)
        // A thread of its own: the writer blocks those that run tests.
        DispatchQueue(label: "reader").async {
            var bytes = [UInt8](repeating: 0, count: 700)
            var newlines = 0
            while newlines < lines {
                let count = unsafe Glibc.read(reading, &bytes, bytes.count)
                guard count > 0 else { return }
                newlines += bytes.prefix(count).count { $0 == UInt8(ascii: "\n") }
                usleep(50)
            }
            everyLineIsRead.signal()
        }
        var writer = LineWriter(descriptor: pipe.writing)
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 999) + [UInt8(ascii: "\n")]
        for _ in 0..<lines { try writer.write(line) }
        #expect(everyLineIsRead.wait(timeout: .now() + 20) == .success)
        #expect(writer.lostLines == 0)
    }

    @Test func `a line that was torn does not spoil the next`() throws {
        let pipe = try Pipe()
        try #require(fcntl(pipe.writing, F_SETFL, O_NONBLOCK) == 0)
        try #require(fcntl(pipe.writing, setPipeSize, 4096) == 4096)
        var writer = LineWriter(descriptor: pipe.writing)
        // The pipe takes a part of this, and nobody reads the rest in time.
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 10_000) + [UInt8(ascii: "\n")]
        let error = #expect(throws: WriteError.self) { try writer.write(long) }
        #expect(error?.errno == EAGAIN)
        #expect(pipe.read().count == 4096)
        try writer.write(Array("next\n".utf8))
        #expect(pipe.read() == Array("\nnext\n".utf8))
        #expect(writer.lostLines == 1)
    }

    @Test func `a line of an event costs microseconds`() throws {
        let null = unsafe open("/dev/null", O_WRONLY | O_CLOEXEC)
        defer { close(null) }
        var log = AuditLog(descriptor: null)
        var event = AuditEvent(.connect)
        event.host = "api.example.com"
        event.port = 443
        let seconds = try processorSeconds {
            for _ in 0..<10_000 { try log.write(event) }
        }
        #expect(seconds < 2)  // A debug build.
    }
}
