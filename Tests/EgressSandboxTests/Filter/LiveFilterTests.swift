// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import LinuxSystem
import Testing

@testable import EgressSandbox

/// The filter loaded for real, in processes of their own: it stays for their whole life.
struct LiveFilterTests {
    /// A row, arguments that it names, and what the kernel says without the filter: the probe.
    private static let probes: [(call: String, arguments: [Int], code: Int32)] = [
        ("socket", [40, 1, 0], EAFNOSUPPORT),  // AF_VSOCK
        ("socket", [17, 3, 0], EAFNOSUPPORT),  // AF_PACKET
        ("socket", [38, 5, 0], EAFNOSUPPORT),  // AF_ALG
        ("socket", [2, 3, 1], EPERM),
        ("socket", [10, 5, 0], ESOCKTNOSUPPORT),
        ("socket", [2, 1, 256], EPROTONOSUPPORT),  // IPPROTO_SMC
        ("socket", [2, 1, 262], EPROTONOSUPPORT),  // IPPROTO_MPTCP
        ("setsockopt", [-1, 1, 76, 0, 0], ENOPROTOOPT),  // SO_PASSPIDFD
        ("getsockopt", [-1, 1, 77, 0, 0], ENOPROTOOPT),  // SO_PEERPIDFD
        ("pidfd_open", [1, 0], EPERM),
        ("perf_event_open", [0, -1, 0, -1, 0], EPERM),
        ("socket", [16, 3, 9], EPROTONOSUPPORT),  // NETLINK_AUDIT
        ("socketpair", [40, 1, 0, 0], EAFNOSUPPORT),
        ("socket", [1, 2, 0], EACCES),
        ("socketpair", [1, 3, 0, 0], EACCES),
        ("setsockopt", [-1, 1, 83, 0, 0], EPERM),  // SO_PASSRIGHTS
        ("setsockopt", [-1, 0x1_0000_0001, 0x1_0000_0053, 0, 0], EPERM),
        // Nobody listens for notifications here (seccomp_unotify(2)).
        ("connect", [-1, 0, 0], ENOSYS),
        ("sendto", [-1, 0, 0, 0x2000_0000, 0, 0], EOPNOTSUPP),
        ("sendmsg", [-1, 0, 0x2000_0000], EOPNOTSUPP),
        ("sendmmsg", [-1, 0, 0, 0x2000_0000], EOPNOTSUPP),
        ("clone3", [0, 0], ENOSYS),
        ("unshare", [0x2_0000], EPERM),
        ("setns", [-1, 0], EPERM),
        ("mount", [1, 1, 1, 0, 0], EPERM),
        ("fsopen", [1, 0], EPERM),
        ("open_tree", [-1, 1, 0], EPERM),
        ("io_uring_setup", [0, 0], EPERM),
        ("io_uring_enter", [-1, 0, 0, 0, 0, 0], EPERM),
        ("keyctl", [0, -1, 0], EPERM),
        ("request_key", [1, 1, 0, 0], EPERM),
        ("bpf", [0, 0, 0], EPERM),
        ("userfaultfd", [-1], EPERM),
        ("ioctl", [-1, 0x5412, 0], EPERM),
        ("ioctl", [-1, 0x1_0000_5412, 0], EPERM),
        ("open_by_handle_at", [-1, 0, 0], EPERM),
    ]

    /// `syscall(2)` and `prctl(2)` are variadic, which Swift does not import; their arguments go in registers all the same.
    private typealias Call = @convention(c) (Int, Int, Int, Int, Int, Int, Int) -> Int
    private typealias Control = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32

    private static func function<Function>(_ name: String, as type: Function.Type) -> Function {
        guard let symbol = unsafe dlsym(UnsafeMutableRawPointer(bitPattern: 0), name) else { fatalError("no \(name)") }
        return unsafe unsafeBitCast(symbol, to: type)
    }

    /// 0, or the errno of a call.
    private static func code(of name: String, _ arguments: [Int]) -> Int32 {
        guard let number = SystemCall.number(of: name) else { fatalError("no call \(name)") }
        return code(number, arguments)
    }

    private static func code(_ number: UInt32, _ arguments: [Int]) -> Int32 {
        let six = arguments + [0, 0, 0, 0, 0, 0]
        let result = function("syscall", as: Call.self)(Int(number), six[0], six[1], six[2], six[3], six[4], six[5])
        if result < 0 { return errno }
        // What succeeds makes a descriptor, or nothing.
        if result > 2 { close(Int32(truncatingIfNeeded: result)) }
        return 0
    }

    /// As `command.c` loads it: no_new_privs, then the program, for the calling thread.
    private static func load(_ instructions: [BPFProgram.Instruction]) {
        let control = function("prctl", as: Control.self)
        var program = instructions.map {
            sock_filter(code: $0.code, jt: $0.ifTrue, jf: $0.ifFalse, k: $0.operand)
        }
        precondition(control(38, 1, 0, 0, 0) == 0, "PR_SET_NO_NEW_PRIVS")
        unsafe program.withUnsafeMutableBufferPointer { buffer in
            var whole = unsafe sock_fprog(len: UInt16(buffer.count), filter: buffer.baseAddress)
            let result = unsafe withUnsafePointer(to: &whole) { control(22, 2, UInt(bitPattern: $0), 0, 0) }
            precondition(result == 0, "PR_SET_SECCOMP: \(errno)")
        }
    }

    @Test func `the kernel denies what the interpreter denies`() async {
        await #expect(processExitsWith: .success) {
            // The probe: without the filter another answer comes, so that the one with it is the filter's.
            let before = LiveFilterTests.probes.map { LiveFilterTests.code(of: $0.call, $0.arguments) }
            let changed = zip(before, LiveFilterTests.probes).count { $0 != $1.code }
            // A kernel or a container may itself lack a few, as AF_VSOCK, with the same errno.
            precondition(changed >= LiveFilterTests.probes.count / 2, "only \(changed) calls had another answer before")
            LiveFilterTests.load(try compileSyscallFilter(SyscallFilter.rules))
            for probe in LiveFilterTests.probes {
                let code = LiveFilterTests.code(of: probe.call, probe.arguments)
                precondition(code == probe.code, "\(probe.call) \(probe.arguments): \(code), not \(probe.code)")
            }
        }
    }

    @Test func `every row that refuses is refused by the kernel`() async {
        await #expect(processExitsWith: .success) {
            LiveFilterTests.load(try compileSyscallFilter(SyscallFilter.rules))
            precondition(LiveFilterTests.code(of: "unshare", [0x2_0000]) == EPERM, "the filter is there")
            for rule in SyscallFilter.rules {
                guard case .fails = rule.verdict, let number = SystemCall.number(of: rule.call) else { continue }
                // Arguments that would do no harm if they came through: no valid address, no descriptor.
                let harmless = [UInt64](repeating: .max, count: 6)
                let arguments = rule.conditions.reduce(harmless) { $1.making($0, hold: true) }
                guard case .fails(let want) = FilterAnswer.of(rule.call, arguments, by: SyscallFilter.rules) else {
                    continue
                }
                let code = LiveFilterTests.code(number, arguments.map { Int(truncatingIfNeeded: $0) })
                precondition(code == want, "\(rule.call): \(code), not \(want)")
            }
        }
    }

    @Test func `what programs need still works`() async {
        await #expect(processExitsWith: .success) {
            LiveFilterTests.load(try compileSyscallFilter(SyscallFilter.rules))
            for family in [AF_UNIX, AF_INET] { _ = try Socket.make(family, Socket.stream) }
            _ = try Socket.make(AF_INET, Socket.datagram)
            _ = try Socket.make(AF_NETLINK, Socket.raw)
            _ = try FileDescriptor.socketPair(type: Socket.sequencedPacket)
            _ = try EventLoop()
            // No attributes: past the filter, whatever kernel.perf_event_paranoid then says.
            let event = LiveFilterTests.code(of: "perf_event_open", [0, 0, -1, -1, 0])
            precondition(event == EFAULT || event == EACCES, "perf_event_open: \(event)")
            // A fork by clone(2), as libc makes one when clone3(2) is not there: SIGCHLD and nothing else.
            let child = LiveFilterTests.function("syscall", as: Call.self)(
                Int(unsafe seccomp_syscall_resolve_name("clone")),
                17,
                0,
                0,
                0,
                0,
                0
            )
            if child == 0 { _exit(7) }
            var status: Int32 = 0
            let reaped = unsafe waitpid(Int32(child), &status, 0)
            precondition(child > 0 && reaped == child && status == 7 << 8)
        }
    }

    /// raw(7), SO_ATTACH_FILTER: on sockets of this machine's loopback, without rights.
    @Test func `the kernel takes the socket filters`() throws {
        for family in [PacketFilters.Family.ipv4, .ipv6] {
            let programs = [
                PacketFilters.hold(family), PacketFilters.nothing,
                PacketFilters.capture(family, isTCP: true, from: 1),
                PacketFilters.capture(family, isTCP: false, from: 1),
                PacketFilters.capture(family, isTCP: true, from: 1, only: Array(1...48)),
            ]
            for instructions in programs {
                let socket = try Socket.make(AF_INET, Socket.datagram)
                #expect(attach(instructions, to: socket.raw))
            }
        }
    }

    /// The hold for real: a listener on loopback that nobody can reach, until the filter is gone.
    ///
    /// Kernels may let only CAP_NET_ADMIN filter TCP sockets, which an ordinary user has in R; EndToEndTests run there.
    @Test(.enabled(if: geteuid() == 0, "only root may filter TCP sockets in this namespace"))
    func `a listener that holds accepts nobody`() throws {
        let listener = try Socket.make(AF_INET, Socket.stream)
        try #require(listen(listener.raw, 8) == 0)
        let port = try #require(Socket.localAddress(listener.raw)).port
        try #require(attach(PacketFilters.hold(.ipv4), to: listener.raw))
        func connects(ttl: Int32?) throws -> Bool {
            let client = try Socket.make(AF_INET, Socket.stream)
            if let ttl { Socket.set(client.raw, Int32(IPPROTO_IP), IP_TTL, ttl) }
            _ = Socket.connect(client.raw, to: .v4(0x7f00_0001, port: port))
            var entry = pollfd(fd: client.raw, events: Int16(POLLOUT), revents: 0)
            let count = unsafe poll(&entry, 1, 200)
            return count == 1 && Socket.takeError(client.raw) == 0
        }
        #expect(try !connects(ttl: nil))
        #expect(try !connects(ttl: 200))
        #expect(try connects(ttl: Int32(PacketFilters.releasedTTL)))
        Socket.set(listener.raw, SOL_SOCKET, SO_DETACH_FILTER, 0)
        #expect(try connects(ttl: nil), "the probe: only the filter held them")
    }

    private func attach(_ instructions: [BPFProgram.Instruction], to descriptor: Int32) -> Bool {
        var program = instructions.map { sock_filter(code: $0.code, jt: $0.ifTrue, jf: $0.ifFalse, k: $0.operand) }
        return unsafe program.withUnsafeMutableBufferPointer { buffer -> Bool in
            var whole = unsafe sock_fprog(len: UInt16(buffer.count), filter: buffer.baseAddress)
            let size = unsafe socklen_t(MemoryLayout<sock_fprog>.size)
            return unsafe setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &whole, size) == 0
        }
    }
}
