// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import Testing

@testable import EgressSandbox

/// The compiled filter run over data, as libseccomp's tests/*.tests and gVisor's seccomp_test.go do it.
struct SyscallFilterTests {
    private let machine: ClassicBPF

    init() throws {
        machine = try ClassicBPF(try compileSyscallFilter(SyscallFilter.rules))
    }

    private func answer(_ call: SystemCall) throws -> FilterAnswer { FilterAnswer(try machine.run(.call(call.data))) }

    private func answer(_ name: String, _ arguments: UInt64...) throws -> FilterAnswer {
        try answer(SystemCall(number: try #require(SystemCall.number(of: name)), arguments: arguments))
    }

    // MARK: The table against itself

    @Test(arguments: SyscallFilter.rules) func `every row answers what it names`(_ rule: SyscallRule)
        throws
    {
        var random = SplitMix(seed: 1)
        let number = try #require(SystemCall.number(of: rule.call))
        let codes = SyscallFilter.rules.filter { $0.call == rule.call }
        for _ in 0..<20 {
            let arguments = rule.conditions.reduce(random.six()) { $1.making($0, hold: true) }
            #expect(rule.conditions.allSatisfy { $0.holds(of: arguments) })
            let matching = codes.filter { $0.conditions.allSatisfy { $0.holds(of: arguments) } }
            let answer = try answer(SystemCall(number: number, arguments: arguments))
            #expect(matching.contains { $0.answer == answer }, "\(answer)")
        }
    }

    @Test(arguments: SyscallFilter.rules.filter { !$0.conditions.isEmpty })
    func `a near miss of a row is allowed, unless another row names it`(_ rule: SyscallRule) throws {
        var random = SplitMix(seed: 2)
        let number = try #require(SystemCall.number(of: rule.call))
        let rows = SyscallFilter.rules.filter { $0.call == rule.call }
        for missed in rule.conditions {
            for _ in 0..<20 {
                let arguments = missed.making(
                    rule.conditions.reduce(random.six()) { $1.making($0, hold: true) },
                    hold: false
                )
                let matching = rows.filter { $0.conditions.allSatisfy { $0.holds(of: arguments) } }
                let answer = try answer(SystemCall(number: number, arguments: arguments))
                #expect(matching.isEmpty ? answer == .allowed : matching.contains { $0.answer == answer })
            }
        }
    }

    @Test func `a call that no row names is allowed`() throws {
        var random = SplitMix(seed: 3)
        let named = Set(SyscallFilter.rules.compactMap { SystemCall.number(of: $0.call) })
        for number in 0..<600 as Range<UInt32> where !named.contains(number) {
            #expect(try answer(SystemCall(number: number, arguments: random.six())) == .allowed, "number \(number)")
        }
        // What programs, debuggers and leak checkers live on.
        for name in [
            "execve", "clone", "fork", "ptrace", "bind", "listen", "accept4", "ioctl", "kill", "seccomp",
            "prctl",
        ] {
            #expect(try answer(name) == .allowed, "\(name)")
        }
        #expect(try answer("connect") == .asks)
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

    @Test(arguments: ["socket", "socketpair"]) func `of all families four pass`(_ call: String) throws {
        let allowed: Set<UInt64> = [UInt64(AF_UNIX), UInt64(AF_INET), UInt64(AF_INET6), UInt64(AF_NETLINK)]
        for family in 0..<1024 as Range<UInt64> {
            let answer = try answer(call, family, 1, 0)
            #expect(answer == (allowed.contains(family) ? .allowed : .fails(EAFNOSUPPORT)), "family \(family)")
        }
        // The kernel reads an int. What is allowed by its low half alone is denied by its upper half, what is denied
        // by its low half stays so.
        for family in [1, 2, 10, 16, 17, 38, 40, 44] as [UInt64] {
            for high in [1, 0x8000_0000, 0xffff_ffff] as [UInt64] {
                #expect(try answer(call, high << 32 | family, 1, 0) == .fails(EAFNOSUPPORT))
            }
        }
        #expect(try answer(call, UInt64.max, 1, 0) == .fails(EAFNOSUPPORT))
    }

    @Test(arguments: [UInt64(AF_INET), UInt64(AF_INET6)]) func `of all types and protocols, what R relays passes`(
        _ family: UInt64
    ) throws {
        let flags: [UInt64] = [0, 0o4000, 0o2000000, 0o2004000]  // SOCK_NONBLOCK, SOCK_CLOEXEC
        for flag in flags {
            #expect(try answer("socket", family, 1 | flag, 0) == .allowed, "SOCK_STREAM")
            #expect(try answer("socket", family, 1 | flag, 6) == .allowed, "TCP")
            #expect(try answer("socket", family, 2 | flag, 0) == .allowed, "SOCK_DGRAM")
            #expect(try answer("socket", family, 2 | flag, 17) == .allowed, "UDP")
            // ping(8) without rights: the network namespace holds it.
            #expect(try answer("socket", family, 2 | flag, family == 2 ? 1 : 58) == .allowed, "ICMP echo sockets")
            for number in [0, 1, 6, 17, 58, 255] as [UInt64] {
                #expect(try answer("socket", family, 3 | flag, number) == .fails(EPERM), "SOCK_RAW")
            }
            // Without a protocol a type has one of its own: SEQPACKET is SCTP's, DCCP its own, PACKET is AF_PACKET
            // (net/socket.c, "Compatibility").
            for (type, code) in [(5, ESOCKTNOSUPPORT), (6, ESOCKTNOSUPPORT), (10, EPERM)] as [(UInt64, Int32)] {
                #expect(try answer("socket", family, type | flag, 0) == .fails(code), "type \(type)")
            }
            for (type, number) in [(6, 33), (1, 132), (5, 132), (2, 136), (1, 262)] as [(UInt64, UInt64)] {
                #expect(try answer("socket", family, type | flag, number) != .allowed, "protocol \(number)")
                // Both are read as int.
                #expect(try answer("socket", family, 1 << 32 | type | flag, 1 << 32 | number) != .allowed)
            }
        }
        #expect(try answer("socket", family, 0x1_0000_0003, 1) == .fails(EPERM), "SOCK_RAW with upper bits")
    }

    @Test func `of netlink, routing passes`() throws {
        for number in 0...31 as ClosedRange<UInt64> {
            let want: FilterAnswer = number == 0 ? .allowed : .fails(EPROTONOSUPPORT)
            #expect(try answer("socket", UInt64(AF_NETLINK), 3, number) == want, "protocol \(number)")
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

    /// Linux before 5.4 lets no filter of more than 4096 instructions in; a long way costs every call of the command.
    @Test func `the filter is short`() throws {
        #expect(machine.program.count < 1000)
    }

    @Test func `a call that libseccomp does not know is an error`() {
        #expect(throws: SystemError("finding the system call 'no_such_call'", code: ENOSYS)) {
            _ = try compileSyscallFilter([SyscallRule("no_such_call", EPERM)])
        }
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
