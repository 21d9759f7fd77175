// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import Testing

struct FileDescriptorTests {
    @Test func `a descriptor is closed when its owner goes, and not when it is released`() async {
        await #expect(processExitsWith: .success) {
            let before = OpenDescriptors.settled()
            var number: Int32 = -1
            do {
                let file = try FileDescriptor.open("/dev/null", O_RDONLY)
                number = file.raw
                precondition(OpenDescriptors.become(before + 1), "the count sees an open descriptor")
                precondition(fcntl(number, F_GETFD) == FD_CLOEXEC, "it is close-on-exec")
            }
            precondition(OpenDescriptors.become(before) && fcntl(number, F_GETFD) == -1, "its owner is gone")
            let kept = try FileDescriptor.open("/dev/null", O_RDONLY).release()
            precondition(OpenDescriptors.become(before + 1) && fcntl(kept, F_GETFD) >= 0, "it was released")
        }
    }

    @Test func `what fails leaves no descriptor behind`() async {
        await #expect(processExitsWith: .success) {
            // The first event loop, socket and so on may make the runtime open something for good.
            for _ in 0..<2 { try FileDescriptorTests.everything() }
            let before = OpenDescriptors.settled()
            for _ in 0..<50 { try FileDescriptorTests.everything() }
            precondition(OpenDescriptors.become(before), "descriptors leaked")
        }
    }

    private static func failing(_ call: () throws -> Void) {
        do {
            try call()
            preconditionFailure("it should have failed")
        } catch {}
    }

    /// Makes and drops one of each, and fails where that is easy.
    private static func everything() throws {
        let loop = try EventLoop()
        let pair = try FileDescriptor.socketPair(type: Socket.stream)
        let one = FileDescriptor(owning: pair.0), other = FileDescriptor(owning: pair.1)
        failing { _ = try FileDescriptor.open("/nowhere/at/all", O_RDONLY) }
        failing { _ = try Socket.make(AF_INET, 77) }
        failing { try loop.add(9999, .readable, Silent()) }
        failing { _ = try compileSyscallFilter([SyscallRule("no_such_call", .fails(EPERM))]) }
        _ = try compileSyscallFilter([SyscallRule("mount", .fails(EPERM))])
        _ = contents(ofFile: "/proc/self/status")
        _ = one.raw + other.raw
    }

    private final class Silent: EventHandler {
        func handle(_ events: Events, on descriptor: Int32) {}
    }

    @Test func `a missing file is an error that names it`() {
        #expect(throws: SystemError("opening '/nowhere/at/all'", code: ENOENT)) {
            _ = try FileDescriptor.open("/nowhere/at/all", O_RDONLY)
        }
        #expect(SystemError("opening 'x'", code: EACCES).description == "opening 'x': Permission denied")
        #expect(contents(ofFile: "/nowhere/at/all") == nil)
    }

    @Test(arguments: [0, 1, 16383, 16384, 16385, 100_000]) func `all that is written is read, up to the limit`(
        _ count: Int
    ) throws {
        let path = "/tmp/egress-file-\(getpid())-\(monotonicNow())"
        let file = try FileDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        unsafe unlink(path)
        let content = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try file.writeAll(content)
        for limit in [0, 1, count / 2, count, count + 1, 1 << 20] {
            lseek(file.raw, 0, SEEK_SET)
            #expect(try file.readAll(limit: limit) == Array(content.prefix(limit)))
        }
    }

    /// A socket of the host's network among the standard descriptors is a way out.
    @Test func `only connected AF_UNIX sockets may be inherited`() throws {
        let pipe = try FileDescriptor.open("/dev/null", O_RDONLY)
        #expect(!isForeignSocket(pipe.raw))
        #expect(!isForeignSocket(-1))
        for (type, isForeign) in [(Socket.stream, false), (Socket.sequencedPacket, false), (Socket.datagram, true)] {
            let (one, other) = try FileDescriptor.socketPair(type: type)
            #expect(isForeignSocket(one) == isForeign)
            close(one)
            close(other)
        }
        for domain in [AF_INET, AF_INET6, AF_UNIX, AF_NETLINK] {
            // One without a peer could be connected by whoever holds it.
            guard let socket = try? Socket.make(domain, domain == AF_NETLINK ? Socket.raw : Socket.stream) else {
                continue
            }
            #expect(isForeignSocket(socket.raw), "family \(domain)")
        }
    }
}
