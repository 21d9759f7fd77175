// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import LinuxSystem
import Testing

@testable import EgressSandbox

/// landlock(7)
struct LandlockDomainTests {
    @Test(
        arguments: [
            (nil, "none"), (0, "none"), (1, "none"), (3, "none"), (4, "TCP connect, TCP bind"),
            (5, "TCP connect, TCP bind"),
            (6, "TCP connect, TCP bind, abstract sockets, signals"),
            (8, "TCP connect, TCP bind, abstract sockets, signals"),
            (9, "TCP connect, TCP bind, abstract sockets, signals, unix sockets by path"),
            (99, "TCP connect, TCP bind, abstract sockets, signals, unix sockets by path"),
        ] as [(Int?, String)]
    )
    func `a kernel is asked for what its ABI has`(_ abi: Int?, _ want: String) {
        #expect(LandlockDomain(abi: abi).description == want)
    }

    @Test func `what is performed for the command is denied to itself`() {
        #expect(LandlockDomain(abi: 4).network == 3)
        #expect(LandlockDomain(abi: 3).network == 0)
    }

    private typealias Control = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32

    /// As command.c does it: no_new_privs, then the domain, for the calling thread.
    private static func enter(_ domain: egress_landlock) {
        guard let symbol = unsafe dlsym(UnsafeMutableRawPointer(bitPattern: 0), "prctl") else { fatalError("no prctl") }
        precondition(unsafe unsafeBitCast(symbol, to: Control.self)(38, 1, 0, 0, 0) == 0, "PR_SET_NO_NEW_PRIVS")
        var domain = domain
        precondition(unsafe egress_enter_landlock(&domain) == 0, "entering: \(errno)")
    }

    private static func enter(_ domain: LandlockDomain) {
        enter(egress_landlock(files: domain.files, network: domain.network, scoped: domain.scoped))
    }

    /// 0, or the errno of a connection to a port of loopback that is closed.
    private static func connection() throws -> Int32 {
        let socket = try Socket.make(AF_INET, 1)
        var code = Socket.connect(socket.raw, to: .v4(0x7f00_0001, port: 1))
        if code == EINPROGRESS {
            var entry = pollfd(fd: socket.raw, events: Int16(POLLOUT), revents: 0)
            _ = unsafe poll(&entry, 1, 1000)
            code = Socket.takeError(socket.raw)
        }
        return code
    }

    @Test(.enabled(if: (KernelProbe.landlock ?? 0) >= 6, "the kernel has no Landlock of ABI 6"))
    func `a process in the domain connects nowhere, and signals nobody outside of it`() async {
        await #expect(processExitsWith: .success) {
            precondition(kill(getppid(), 0) == 0, "the control: the parent can be signalled")
            let before = try LandlockDomainTests.connection()
            precondition(before == ECONNREFUSED, "the control: a connection is tried")
            LandlockDomainTests.enter(LandlockDomain(abi: KernelProbe.landlock))
            let after = try LandlockDomainTests.connection()
            precondition(after == EACCES)
            precondition(kill(getppid(), 0) == -1 && errno == EPERM)
            precondition(kill(getpid(), 0) == 0)
            let listener = try Socket.make(AF_INET, Socket.stream)
            precondition(listen(listener.raw, 1) == 0)
            let (one, other) = try FileDescriptor.socketPair(type: Socket.stream)
            precondition(one >= 0 && other >= 0)
        }
    }

    /// Exits with 0, or the errno of moving a file from one directory to another.
    private static func move(in domain: egress_landlock) -> Int32 {
        var template = Array("/tmp/landlock-XXXXXX".utf8CString)
        guard let path = unsafe mkdtemp(&template) else { return errno }
        let base = unsafe String(cString: path)
        defer {
            for name in ["a/file", "b/file"] { _ = unsafe unlink("\(base)/\(name)") }
            for name in ["a", "b", ""] { _ = unsafe rmdir("\(base)/\(name)") }
        }
        unsafe mkdir("\(base)/a", 0o700)
        unsafe mkdir("\(base)/b", 0o700)
        close(unsafe open("\(base)/a/file", O_CREAT | O_WRONLY, 0o600))
        enter(domain)
        return unsafe rename("\(base)/a/file", "\(base)/b/file") == 0 ? 0 : errno
    }

    /// LANDLOCK_ACCESS_FS_MAKE_SOCK stands for a right on files that the domain handles, as it is there from ABI 1 on.
    @Test(.enabled(if: (KernelProbe.landlock ?? 0) >= 2, "the kernel has no Landlock of ABI 2"))
    func `files are moved between directories as ever, though the domain handles a right on files`() async {
        await #expect(processExitsWith: .success) {
            let domain = egress_landlock(files: 1 << 9 | 1 << 13, network: 0, scoped: 0)
            precondition(LandlockDomainTests.move(in: domain) == 0)
        }
        await #expect(processExitsWith: .success) {
            let domain = egress_landlock(files: 1 << 9, network: 0, scoped: 0)
            precondition(LandlockDomainTests.move(in: domain) == EXDEV, "the control: else they are not")
        }
    }
}
