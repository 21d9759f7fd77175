// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import Testing

@testable import EgressSandbox

/// The compiled filter run over data, as libseccomp's tests/*.tests and gVisor's seccomp_test.go do it.
struct SyscallFilterTests {
    let machine: ClassicBPF

    init() throws {
        machine = try ClassicBPF(try compileSyscallFilter(SyscallFilter.rules))
    }

    func answer(_ call: SystemCall) throws -> FilterAnswer { FilterAnswer(try machine.run(.call(call.data))) }

    func answer(_ name: String, _ arguments: UInt64...) throws -> FilterAnswer {
        try answer(SystemCall(number: try #require(SystemCall.number(of: name)), arguments: arguments))
    }

    // MARK: The program against the table

    /// The runs that there are.
    private static let runs: [[SyscallRule]] = [
        SyscallFilter.rules, SyscallFilter.rules(unixDatagrams: true),
        SyscallFilter.rules(unixDatagrams: false, keepsCoreLimit: true),
        SyscallFilter.rules(unixDatagrams: true, keepsCoreLimit: true),
    ]

    @Test(arguments: 0..<4) func `the program answers as the table does`(_ run: Int) throws {
        let rules = Self.runs[run]
        let machine = try ClassicBPF(try compileSyscallFilter(rules))
        var random = SplitMix(seed: UInt64(run))
        for rule in rules {
            guard let number = SystemCall.number(of: rule.call) else { continue }
            func check(_ arguments: [UInt64]) throws {
                let answer = FilterAnswer(
                    try machine.run(.call(SystemCall(number: number, arguments: arguments).data))
                )
                #expect(answer == FilterAnswer.of(rule.call, arguments, by: rules), "\(rule.call) \(arguments)")
            }
            for round in 0..<(rule.conditions.isEmpty ? 3 : 12) {
                let held = rule.conditions.reduce(random.six()) { $1.making($0, hold: true, choice: round) }
                #expect(rule.conditions.allSatisfy { $0.holds(of: held) })
                try check(held)
                // And near misses
                for missed in rule.conditions {
                    let arguments = missed.making(held, hold: false)
                    #expect(!missed.holds(of: arguments))
                    try check(arguments)
                }
            }
        }
    }

    @Test func `every rule of a call can decide, and some rule always does`() throws {
        var random = SplitMix(seed: 7)
        for rules in Self.runs {
            for (call, rows) in Dictionary(grouping: rules, by: \.call) {
                #expect(rows.last?.conditions.isEmpty == true, "\(call)")
                for (index, row) in rows.enumerated() {
                    let decides = (0..<200).contains { round in
                        let held = row.conditions.reduce(random.six()) { $1.making($0, hold: true, choice: round) }
                        return !rows[..<index].contains { $0.conditions.allSatisfy { $0.holds(of: held) } }
                    }
                    #expect(decides, "\(call), rule \(index)")
                }
            }
        }
    }

    @Test func `a call that no rule names fails with ENOSYS`() throws {
        var random = SplitMix(seed: 3)
        let named = Set(SyscallFilter.rules.compactMap { SystemCall.number(of: $0.call) })
        for number in 0..<1200 as Range<UInt32> where !named.contains(number) {
            let answer = try answer(SystemCall(number: number, arguments: random.six()))
            #expect(answer == .fails(ENOSYS), "number \(number)")
        }
        for number in [0x3fff_ffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe] as [UInt32] {
            #expect(try answer(SystemCall(number: number, arguments: random.six())) == .fails(ENOSYS))
        }
    }

    /// ptrace(2): a tracer that skips a call makes its number -1, and sets the result; a filter that failed it would spoil that.
    @Test func `a call that a tracer skips is left alone`() throws {
        #expect(try answer(SystemCall(number: .max, arguments: [])) == .allowed)
    }

    @Test func `what programs, debuggers and leak checkers live on is allowed`() throws {
        for name in [
            "execve", "clone", "fork", "ptrace", "listen", "accept4", "ioctl", "kill", "seccomp", "prctl",
            "process_vm_readv", "pidfd_open", "perf_event_open",
        ] {
            #expect(try answer(name) == .allowed, "\(name)")
        }
        #expect(try answer("connect") == .asks)
        #expect(try answer("bind") == .asks)
    }

    // MARK: What the table has to say

    @Test func `a call of another architecture fails with ENOSYS`() throws {
        var random = SplitMix(seed: 4)
        // i386, ARM, the other of x86-64 and AArch64, s390x, and nonsense
        let foreign: [UInt32] = [0x4000_0003, 0x4000_0028, 0xc000_00b7, 0xc000_003e, 0x8000_0016, 0, .max]
        for architecture in foreign where architecture != SystemCall.nativeArchitecture {
            for number in [0, 1, 41, 59, 102, 359, 425, UInt32.max] {
                let call = SystemCall(number: number, arguments: random.six(), architecture: architecture)
                #expect(try answer(call) == .fails(ENOSYS))
            }
        }
    }

    #if arch(x86_64)
    /// __X32_SYSCALL_BIT: the same architecture value, other numbers.
    @Test func `a call of x32 fails with ENOSYS`() throws {
        for number in [0x4000_0000, 0x4000_0029, 0x4000_003b, 0x4000_0209, 0x7fff_ffff, 0xffff_fffe] as [UInt32] {
            #expect(try answer(SystemCall(number: number, arguments: [2, 1, 0])) == .fails(ENOSYS))
        }
    }
    #endif

    @Test func `of all families four pass`() throws {
        let allowed: Set<UInt64> = [UInt64(AF_UNIX), UInt64(AF_INET), UInt64(AF_INET6)]
        for family in 0..<1024 as Range<UInt64> {
            let isNetlink = family == UInt64(AF_NETLINK)
            #expect(
                try answer("socket", family, isNetlink ? 3 : 1, 0)
                    == (allowed.contains(family) || isNetlink ? .allowed : .fails(EAFNOSUPPORT)),
                "family \(family)"
            )
            let pair = try answer("socketpair", family, 1, 0)
            #expect((pair == .allowed) == (family == UInt64(AF_UNIX)), "family \(family)")
        }
        // The kernel reads an int: upper bits change nothing.
        for high in [1, 0x8000_0000, 0xffff_ffff] as [UInt64] {
            for family in [17, 38, 40, 44] as [UInt64] {
                #expect(try answer("socket", high << 32 | family, 1, 0) == .fails(EAFNOSUPPORT))
            }
            #expect(try answer("socket", high << 32 | 2, high << 32 | 3, high << 32 | 1) == .fails(EPERM))
        }
        #expect(try answer("socket", UInt64.max, 1, 0) == .fails(EAFNOSUPPORT))
    }

    /// IPPROTO_SMC (256) is a stream over RDMA, IPPROTO_L2TP (115) sends without a port, and the next one is not known yet.
    @Test(arguments: [UInt64(AF_INET), UInt64(AF_INET6)]) func `of all types and protocols, TCP and UDP pass`(
        _ family: UInt64
    ) throws {
        for flag in [0, 0o4000, 0o2000000, 0o2004000] as [UInt64] {  // SOCK_NONBLOCK, SOCK_CLOEXEC
            for type in 0...15 as ClosedRange<UInt64> {
                for number in Array(0...300) + [0xffff, 0x7fff_ffff, 0xffff_ffff] as [UInt64] {
                    let passes = type == 1 && [0, 6].contains(number) || type == 2 && [0, 17].contains(number)
                    let answer = try answer("socket", family, type | flag, number)
                    #expect((answer == .allowed) == passes, "type \(type), protocol \(number): \(answer)")
                }
            }
            for (type, number, code) in [
                (3, 1, EPERM), (3, 255, EPERM), (10, 0, EPERM),  // SOCK_RAW, SOCK_PACKET
                // Without a protocol a type has one of its own: SEQPACKET is SCTP's, DCCP its own.
                (5, 0, ESOCKTNOSUPPORT), (6, 0, ESOCKTNOSUPPORT), (5, 132, ESOCKTNOSUPPORT), (6, 33, ESOCKTNOSUPPORT),
                (1, 132, EPROTONOSUPPORT), (1, 262, EPROTONOSUPPORT), (1, 256, EPROTONOSUPPORT),  // SCTP, MPTCP, SMC
                (2, 136, EPROTONOSUPPORT), (2, 115, EPROTONOSUPPORT), (1, 17, EPROTONOSUPPORT), (2, 6, EPROTONOSUPPORT),
                (2, 1, EACCES), (2, 58, EACCES),  // as in a namespace without a range for ping
            ] as [(UInt64, UInt64, Int32)] {
                #expect(try answer("socket", family, type | flag, number) == .fails(code), "\(type), \(number)")
                // All are read as int.
                let upper = UInt64(5) << 32
                #expect(
                    try answer("socket", upper | family, upper | type | flag, upper | number) == .fails(code)
                )
            }
        }
        #expect(try answer("socket", family, 0x11, 0) == .fails(EINVAL), "no flag")
    }

    @Test func `of netlink, routing passes`() throws {
        for number in 0...31 as ClosedRange<UInt64> {
            let want: FilterAnswer = number == 0 ? .allowed : .fails(EPROTONOSUPPORT)
            for type in [2, 3] as [UInt64] {
                #expect(try answer("socket", UInt64(AF_NETLINK), type, number) == want, "protocol \(number)")
            }
            #expect(try answer("socket", UInt64(AF_NETLINK), 5, number) == .fails(ESOCKTNOSUPPORT))
        }
    }

    @Test func `no pidfd of a peer can be had`() throws {
        for high in [0, 1 << 32] as [UInt64] {
            #expect(try answer("getsockopt", 3, high | 1, high | 77) == .fails(ENOPROTOOPT))
            #expect(try answer("setsockopt", 3, high | 1, high | 76) == .fails(ENOPROTOOPT))
            #expect(try answer("setsockopt", 3, high | 1, high | 83) == .fails(EPERM))
        }
        for level in [0, 6, 17, 41] as [UInt64] {
            #expect(try answer("setsockopt", 3, level, 76) == .allowed)
            #expect(try answer("getsockopt", 3, level, 77) == .allowed)
        }
        for option in 0...100 as ClosedRange<UInt64> where ![76, 77, 83].contains(option) {
            #expect(try answer("setsockopt", 3, 1, option) == .allowed)
            #expect(try answer("getsockopt", 3, 1, option) == .allowed)
        }
    }

    /// A datagram can name a path in each send, and a raw unix socket is one of datagrams.
    @Test func `AF_UNIX sockets pass if they must be connected`() throws {
        for call in ["socket", "socketpair"] {
            for flags in [0, 0x800, 0x80000, 0x80800] as [UInt64] {
                for type in [1, 5] as [UInt64] { #expect(try answer(call, 1, type | flags, 0) == .allowed) }
                for type in [2, 3] as [UInt64] { #expect(try answer(call, 1, type | flags, 0) == .fails(EACCES)) }
            }
        }
    }

    /// RFC 7413
    @Test(arguments: [("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)]) func `a send can't connect`(
        _ call: String,
        _ argument: Int
    ) throws {
        func flags(_ value: UInt64) throws -> FilterAnswer {
            var arguments = [UInt64](repeating: .max, count: 6)
            arguments[argument] = value
            return try answer(SystemCall(number: try #require(SystemCall.number(of: call)), arguments: arguments))
        }
        for other in [0, 0x4000, 0x40, 0x8000, 0xdfff_ffff] as [UInt64] {
            #expect(try flags(other) == .allowed)
            #expect(try flags(other | 0x2000_0000) == .fails(EOPNOTSUPP))
            #expect(try flags(other | 0x2000_0000 | 1 << 40) == .fails(EOPNOTSUPP))
            #expect(try flags(other & ~0x2000_0000 | 1 << 61) == .allowed, "an upper bit is no flag")
        }
    }

    @Test func `clone makes threads and processes, and no namespaces`() throws {
        // What glibc's fork, vfork and pthread_create ask for
        for flags in [0x11, 0x4111, 0x0120_0011, 0x003d_0f00, 0x7d0f00] as [UInt64] {
            #expect(try answer("clone", flags) == .allowed)
        }
        // CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
        for flag in [0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000]
            as [UInt64]
        {
            for other in [0, 0x11, 0x003d_0f00, 0xffff_ffff_0000_0000] as [UInt64] {
                #expect(try answer("clone", flag | other) == .fails(EPERM))
            }
        }
        #expect(try answer("clone3", 0) == .fails(ENOSYS))
        #expect(try answer("unshare", 0x4000_0000) == .fails(EPERM))
        #expect(try answer("unshare", 0x80) == .fails(EPERM))
        // CLONE_FILES | CLONE_FS: a thread's own table of descriptors, no namespace
        #expect(try answer("unshare", 0x600) == .allowed)
        // What is not known: a bit of later kernels, or above 32
        for flags in [0x10_0000, 1 << 37, 0x600 | 1 << 63] as [UInt64] {
            #expect(try answer("unshare", flags) == .fails(EPERM))
        }
        #expect(try answer("setns", 3, 0) == .fails(EPERM))
    }

    @Test func `input can't be pushed into a terminal`() throws {
        for request in [0x5412, 0x541c] as [UInt64] {  // TIOCSTI, TIOCLINUX
            #expect(try answer("ioctl", 0, request, 0) == .fails(EPERM))
            // The kernel reads an unsigned int: CVE-2019-10063 of Flatpak, CVE-2019-7303 of snapd.
            for high in [1, 0x8000_0000, 0xffff_ffff] as [UInt64] {
                #expect(try answer("ioctl", 0, high << 32 | request, 0) == .fails(EPERM))
            }
        }
        // TCGETS, TIOCGWINSZ, TIOCSPGRP, FIONREAD, FIOCLEX
        for request in [0x5401, 0x5413, 0x5410, 0x541b, 0x5451] as [UInt64] {
            #expect(try answer("ioctl", 0, request, 0) == .allowed)
        }
    }

    // MARK: The program

    /// Linux before 5.4 lets no filter of more than 4096 instructions in; a long way costs every call of the command.
    @Test func `the filter is short, and so is the way of a common call`() throws {
        #expect(machine.program.count < 500)
        for call in ["getpid", "read", "write", "openat", "close", "mmap", "futex", "epoll_wait", "clock_gettime"] {
            let number = try #require(SystemCall.number(of: call))
            let steps = try machine.steps(.call(SystemCall(number: number, arguments: []).data))
            #expect(steps <= 12, "\(call): \(steps)")
        }
    }

    /// Linux 5.11 and later finds out of which calls a program allows without a look at arguments, and does not run it for them.
    @Test func `what is always allowed is allowed before an argument is looked at`() throws {
        let rules = Dictionary(grouping: SyscallFilter.rules, by: \.call)
        for (call, rows) in rules where rows.count == 1 && rows[0].verdict == .allowed {
            guard let number = SystemCall.number(of: call) else { continue }
            // Number and architecture alone: a load behind them fails the run, which is then no allowance.
            let head = Array(SystemCall(number: number, arguments: []).data[..<8])
            #expect(FilterAnswer(try machine.run(.call(head))) == .allowed, "\(call)")
        }
    }

    @Test func `a call that nobody knows is an error, and one of another architecture is left out`() throws {
        #expect(throws: SystemError("finding the system call 'no_such_call'", code: ENOSYS)) {
            _ = try compileSyscallFilter([SyscallRule("no_such_call", .fails(EPERM))])
        }
        // i386's
        #expect(try SyscallNumber.native(of: "socketcall") == nil)
        #expect(try compileSyscallFilter([SyscallRule("socketcall", .allowed)]) == compileSyscallFilter([]))
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014)
struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    /// Arguments of a call: small, large and odd ones.
    mutating func six() -> [UInt64] {
        (0..<6).map { _ in
            let value = next()
            return [value, value & 0xff, value & 0xffff_ffff, 0, .max][Int(next() % 5)]
        }
    }
}

extension SyscallFilterTests {
    // MARK: Where unix datagram sockets are allowed

    @Test func `calls that can name where they send to are then notified, and no other row is lost`() throws {
        let machine = try ClassicBPF(try compileSyscallFilter(SyscallFilter.rules(unixDatagrams: true)))
        func answer(_ name: String, _ arguments: UInt64...) throws -> FilterAnswer {
            let call = SystemCall(number: try #require(SystemCall.number(of: name)), arguments: arguments)
            return FilterAnswer(try machine.run(.call(call.data)))
        }
        for address: UInt64 in [1, 1 << 32, .max] {
            #expect(try answer("sendto", 3, 4096, 1, 0, address, 16) == .asks)
        }
        #expect(try answer("sendto", 3, 4096, 1, 0, 0, 0) == .allowed)
        #expect(try answer("sendto", 3, 4096, 1, 0x2000_0000, 0, 0) == .fails(EOPNOTSUPP))
        #expect(try answer("sendto", 3, 4096, 1, 0x2000_0000, 4096, 16) != .allowed)
        for call in ["sendmsg", "sendmmsg", "connect"] {
            #expect(try answer(call, 3, 4096, 0, 0, 0, 0) == .asks)
            #expect(try answer(call, 3, 4096, 0x2000_0000, 0x2000_0000, 0, 0) == .asks)
        }
        #expect(try answer("socket", 1, 2, 0, 0, 0, 0) == .allowed)
        #expect(try answer("socketpair", 1, 2, 0, 0, 0, 0) == .allowed)
        #expect(try answer("socket", 1, 3, 0, 0, 0, 0) == .fails(EACCES))
        #expect(try answer("setsockopt", 3, 1, 83, 0, 0, 0) == .fails(EPERM))
    }
}
