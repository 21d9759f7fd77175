// SPDX-License-Identifier: Apache-2.0

import Glibc
public import LinuxSystem

/// The command's system-call filter as a table. The network namespace is the wall for IP; the filter shuts what is not
/// scoped by it, and shuts cleanly what would not work anyway. What no row names is allowed.
public enum SyscallFilter {
    /// Every row. Arguments that the kernel reads as 32 bits are compared in their low half.
    public static var rules: [SyscallRule] { rules(unixDatagrams: false) }

    /// The rows of a run that allows unix datagram sockets, or of one that does not.
    public static func rules(unixDatagrams: Bool) -> [SyscallRule] {
        families + types + unixTypes(unixDatagrams) + rights + connections + (unixDatagrams ? sends : fastOpen)
            + namespaces + mounts + kernel + terminal
    }

    /// Unix sockets that send to a path without connect(2): a datagram socket, also of a pair, and what becomes one when it
    /// is asked for as a raw one. The path may lead outside.
    private static func unixTypes(_ allowsDatagrams: Bool) -> [SyscallRule] {
        ["socket", "socketpair"].flatMap { call in
            (allowsDatagrams ? [3] : [2, 3]).map { type in
                SyscallRule(call, EACCES, equals(0, AF_UNIX), .init(1, .masked(0xf, equals: type)))
            }
        }
    }

    /// Where the supervisor has a socket refuse descriptors (`ReceivedRights`), the worker can't have it take them again.
    private static let rights = [
        SyscallRule("setsockopt", EPERM, equals(1, SOL_SOCKET), equals(2, ReceivedRights.option))
    ]

    /// connect(2) is performed by the supervisor: it says who connected where, and no path of a unix socket leads out
    /// unseen.
    private static let connections = [SyscallRule(notifying: "connect"), SyscallRule(notifying: "bind")]

    /// What can name where it sends to, of any socket: behind a pointer no filter sees it. The supervisor refuses
    /// MSG_FASTOPEN, too, which sendto(2) may have without an address.
    private static var sends: [SyscallRule] {
        fastOpen.filter { $0.call == "sendto" } + [
            SyscallRule(notifying: "sendto", .init(4, .not(0))), SyscallRule(notifying: "sendmsg"),
            SyscallRule(notifying: "sendmmsg"),
        ]
    }

    private static let low: UInt64 = 0xffff_ffff

    private static func equals(_ argument: UInt32, _ value: Int32) -> SyscallRule.Condition {
        SyscallRule.Condition(argument, .masked(low, equals: UInt64(UInt32(bitPattern: value))))
    }

    private static func has(_ argument: UInt32, _ bits: UInt64) -> SyscallRule.Condition {
        SyscallRule.Condition(argument, .masked(bits, equals: bits))
    }

    /// socket(2) gives AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK with NETLINK_ROUTE, nothing else: AF_VSOCK and others
    /// are not scoped by a network namespace. A family with bits above 32 is above AF_NETLINK too.
    private static var families: [SyscallRule] {
        let allowed: Set<Int32> = [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK]
        let below = (0..<AF_NETLINK).filter { !allowed.contains($0) }
        return ["socket", "socketpair"].flatMap { call in
            below.map { SyscallRule(call, EAFNOSUPPORT, equals(0, $0)) } + [
                SyscallRule(call, EAFNOSUPPORT, .init(0, .greater(UInt64(AF_NETLINK))))
            ]
        } + [SyscallRule("socket", EPROTONOSUPPORT, equals(0, AF_NETLINK), .init(2, .not(0)))]
    }

    /// Raw IP sockets, and transports that R does not relay: natively an unprivileged program gets these errors as well.
    /// A transport can also be had by its type alone, without its number; SOCK_PACKET turns AF_INET into AF_PACKET.
    private static var types: [SyscallRule] {
        func type(_ value: UInt64) -> SyscallRule.Condition { .init(1, .masked(0xf, equals: value)) }
        let raw: [UInt64] = [3, 10]  // SOCK_RAW, SOCK_PACKET
        let unrelayedTypes: [UInt64] = [5, 6]  // SOCK_SEQPACKET (SCTP), SOCK_DCCP
        let unrelayed: [Int32] = [33, 132, 136, 262]  // DCCP, SCTP, UDPLITE, MPTCP
        return [AF_INET, AF_INET6].flatMap { family in
            raw.map { SyscallRule("socket", EPERM, equals(0, family), type($0)) }
                + unrelayedTypes.map { SyscallRule("socket", ESOCKTNOSUPPORT, equals(0, family), type($0)) }
                + unrelayed.map { SyscallRule("socket", EPROTONOSUPPORT, equals(0, family), equals(2, $0)) }
        }
    }

    /// MSG_FASTOPEN connects in a send (RFC 7413); programs fall back to connect(2) on EOPNOTSUPP.
    private static var fastOpen: [SyscallRule] {
        [("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)].map { call, argument in
            SyscallRule(call, EOPNOTSUPP, has(UInt32(argument), 0x2000_0000))
        }
    }

    /// New namespaces would give the worker capabilities in them. clone3's flags lie behind a pointer: ENOSYS makes libc
    /// use clone.
    private static var namespaces: [SyscallRule] {
        // CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
        let flags: [UInt64] = [
            0x80, 0x20000, 0x200_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000,
        ]
        // CLONE_NEWTIME lies in the exit signal of clone(2), where it means nothing.
        return flags.dropFirst().map { SyscallRule("clone", EPERM, has(0, $0)) }
            + flags.map { SyscallRule("unshare", EPERM, has(0, $0)) }
            + [SyscallRule("clone3", ENOSYS), SyscallRule("setns", EPERM)]
    }

    /// Mounts could bring back what is covered.
    private static var mounts: [SyscallRule] {
        [
            "mount", "umount2", "pivot_root", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick",
            "mount_setattr", "#467",  // open_tree_attr
        ].map { SyscallRule($0, EPERM) }
    }

    /// io_uring makes and connects sockets without a system call that could be seen; keyctl(2) and its family make the
    /// host's kernel run the host's /sbin/request-key, which resolves names; the rest changes the kernel for everyone.
    private static var kernel: [SyscallRule] {
        [
            "io_uring_setup", "io_uring_enter", "io_uring_register", "keyctl", "add_key", "request_key", "bpf",
            "perf_event_open", "userfaultfd", "init_module", "finit_module", "delete_module", "kexec_load",
            "kexec_file_load", "reboot", "swapon", "swapoff", "acct", "quotactl", "quotactl_fd", "settimeofday",
            "clock_settime", "iopl", "ioperm", "open_by_handle_at", "lookup_dcookie", "fanotify_init", "vhangup",
            "nfsservctl",
        ].map { SyscallRule($0, EPERM) }
    }

    /// Input pushed into a terminal is typed to whatever reads it next: the caller's shell.
    private static var terminal: [SyscallRule] {
        [0x5412, 0x541c].map { SyscallRule("ioctl", EPERM, equals(1, $0)) }  // TIOCSTI, TIOCLINUX
    }
}
