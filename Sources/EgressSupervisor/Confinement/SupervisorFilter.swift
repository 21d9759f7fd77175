// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// The supervisor's own system-call filter: what it calls after start, and nothing else. What parses packets, names and
/// addresses of somebody else's making can execute nothing, trace nobody, mount nothing and make no namespace.
enum SupervisorFilter {
    /// What must hold of a call's arguments, of which the low 32 bits are looked at.
    enum Condition: Sendable {
        case none
        /// The argument has one of these values.
        case isOneOf(argument: Int, [UInt32])
        /// The argument has none of these bits.
        case hasNone(argument: Int, UInt32)
        /// Two conditions.
        indirect case both(Condition, Condition)
    }

    /// A reason, and the calls it allows.
    private static let groups: [(reason: String, calls: [String])] = [
        (
            "bytes of what is open",
            ["read", "write", "readv", "writev", "pread64", "lseek", "fcntl", "ftruncate", "fsync"]
        ),
        ("descriptors", ["close", "close_range", "dup", "dup2", "dup3", "fstat", "newfstatat", "statx", "fchdir"]),
        // To read /proc and to find what a caller's path leads to. What openat2(2) opens for lies behind a pointer.
        (
            "paths",
            ["openat2", "readlink", "readlinkat", "access", "faccessat", "faccessat2", "umask", "chroot", "getcwd"]
        ),
        ("memory", ["mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "memfd_create"]),
        (
            "sockets",
            [
                "socketpair", "connect", "bind", "accept4", "shutdown", "sendto", "recvfrom", "sendmsg", "recvmsg",
                "recvmmsg", "sendmmsg", "getsockopt", "setsockopt", "getsockname", "getpeername",
            ]
        ),
        ("waiting", ["epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll"]),
        (
            "time",
            [
                "clock_gettime", "clock_nanosleep", "nanosleep", "gettimeofday", "timerfd_create", "timerfd_settime",
                "timer_create", "timer_settime", "timer_delete", "getitimer", "setitimer",
            ]
        ),
        // Callers are looked at: their memory, their descriptors, their pages.
        (
            "callers",
            [
                "process_vm_readv", "process_vm_writev", "move_pages", "pidfd_open", "pidfd_getfd", "inotify_add_watch",
                "inotify_rm_watch",
            ]
        ),
        (
            "acting for a caller",
            ["setresuid", "setresgid", "setgroups", "capget", "capset", "getuid", "geteuid", "getgid", "getegid"]
        ),
        (
            "processes of our own, and signals",
            [
                "getpid", "getppid", "gettid", "getpgrp", "getpgid", "kill", "tgkill", "pidfd_send_signal", "wait4",
                "waitid",
                "exit", "exit_group", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack",
                "restart_syscall",
                "signalfd4",
            ]
        ),
        (
            "the runtime",
            ["futex", "sched_yield", "sched_getaffinity", "getrandom", "getrusage", "prlimit64", "uname", "sysinfo"]
        ),
    ]

    // O_ACCMODE without O_RDONLY, O_CREAT, O_TRUNC, O_APPEND, and the bit of O_TMPFILE that O_DIRECTORY lacks
    private static let writing: UInt32 = 0x3 | 0x40 | 0x200 | 0x400 | 0x400000

    private static let conditional: [(call: String, condition: Condition)] = [
        // No raw socket, no other family: AF_INET, AF_INET6; SOCK_STREAM, SOCK_DGRAM with SOCK_NONBLOCK, SOCK_CLOEXEC
        (
            "socket",
            .both(
                .isOneOf(argument: 0, [2, 10]),
                .isOneOf(argument: 1, [1, 2].flatMap { [$0, $0 | 0x80000, $0 | 0x80800] })
            )
        ),
        ("clone", .isOneOf(argument: 0, [UInt32(SIGCHLD), 0x400])),  // CLONE_FILES
        ("prctl", .isOneOf(argument: 0, [1, 15])),  // PR_SET_PDEATHSIG, PR_SET_NAME
        (
            "ioctl",
            .isOneOf(
                argument: 1,
                [
                    // SECCOMP_IOCTL_NOTIF_RECV, _SEND, _ID_VALID, _SET_FLAGS
                    0xc050_2100, 0xc018_2101, 0x4008_2102, 0x4008_2104,
                    0xc040_ff0b,  // PIDFD_GET_INFO of its first version
                    // TCGETS, TIOCGPGRP, TIOCSPGRP, SIOCINQ, SIOCOUTQ
                    0x5401, 0x540f, 0x5410, 0x541b, 0x5411,
                ]
            )
        ),
    ]

    /// What a run that is attested writes in its end: the last statement, in place of an older one.
    private static let files = ["unlink", "unlinkat", "rename", "renameat", "renameat2", "fchmod"]

    /// The filter. Everything else fails with EPERM, and so denies.
    ///
    /// - Parameter writesFiles: whether files may be made, for a run that is attested
    static func program(writesFiles: Bool) throws(SystemError) -> [BPFProgram.Instruction] {
        var rules: [(UInt32, Condition)] = []
        func add(_ call: String, _ condition: Condition) {
            // Some calls exist only on older architectures: getpgrp, dup2, readlink, ...
            if let number = systemCallNumber(call) { rules.append((number, condition)) }
        }
        for (_, calls) in groups { for call in calls { add(call, .none) } }
        for (call, condition) in conditional { add(call, condition) }
        let opens: Condition = writesFiles ? .none : .hasNone(argument: 2, writing)
        add("openat", opens)
        add("open", writesFiles ? .none : .hasNone(argument: 1, writing))
        if writesFiles { for call in files { add(call, .none) } }
        return assemble(rules)
    }

    private static func assemble(_ rules: [(number: UInt32, condition: Condition)]) -> [BPFProgram.Instruction] {
        let deny: UInt32 = 0x0005_0000 | UInt32(EPERM)  // SECCOMP_RET_ERRNO
        let allow: UInt32 = 0x7fff_0000  // SECCOMP_RET_ALLOW
        var program = BPFProgram()
        // struct seccomp_data: nr, arch, instruction pointer, arguments
        let known = program.label()
        program.loadWord(4)
        program.jump(ifEqual: nativeArchitecture, known)
        program.accept(deny)
        program.place(known)
        program.loadWord(0)
        for rule in rules {
            let next = program.label()
            program.jump(ifEqual: rule.number, nil, else: next)
            test(rule.condition, &program, deny)
            program.accept(allow)
            program.place(next)
        }
        program.accept(deny)
        return program.assembled()
    }

    /// Goes on if the condition holds; else ends.
    private static func test(_ condition: Condition, _ program: inout BPFProgram, _ deny: UInt32) {
        let held = program.label()
        switch condition {
        case .none: break
        case .isOneOf(let argument, let values):
            program.loadWord(16 + 8 * UInt32(argument))
            for value in values { program.jump(ifEqual: value, held) }
            program.accept(deny)
        case .hasNone(let argument, let mask):
            let refused = program.label()
            program.loadWord(16 + 8 * UInt32(argument))
            program.jump(ifAnyOf: mask, refused, else: held)
            program.place(refused)
            program.accept(deny)
        case .both(let one, let other):
            test(one, &program, deny)
            test(other, &program, deny)
        }
        program.place(held)
    }
}
