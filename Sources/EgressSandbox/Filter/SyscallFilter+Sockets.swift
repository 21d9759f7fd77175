// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

extension SyscallRule.Condition {
    /// True of an argument that the kernel reads as one of these numbers, as an `int` or `unsigned int`.
    static func argument(_ number: UInt32, is values: Int32...) -> Self {
        Self(number, .masked(.max, oneOf: values.map { UInt32(bitPattern: $0) }))
    }

    /// True of an argument that has one of these bits.
    static func argument(_ number: UInt32, hasAnyOf bits: UInt32) -> Self { Self(number, .anyOf(bits)) }

    /// True of a pointer that is not null.
    static func isPointer(_ number: UInt32) -> Self { Self(number, .nonzero) }

    /// True of a socket type, whatever its flags (SOCK_TYPE_MASK).
    fileprivate static func type(_ values: UInt32...) -> Self { Self(1, .masked(0xf, oneOf: values)) }
}

extension SyscallFilter {
    /// Sockets: which kinds are made, and what the supervisor performs for the command. Of each call, the first rule that
    /// holds decides.
    static func sockets(unixDatagrams: Bool) -> [SyscallRule] {
        made(unixDatagrams) + pairs(unixDatagrams) + options + performed(unixDatagrams)
            + ["accept", "accept4", "listen", "shutdown", "getsockname", "getpeername"].map {
                SyscallRule($0, .allowed)
            }
            + ["recvfrom", "recvmsg", "recvmmsg"].map { SyscallRule($0, .allowed) }
    }

    // Socket types, which glibc gives to Swift as an enumeration (bits/socket_type.h).
    private static let stream: UInt32 = 1
    private static let datagram: UInt32 = 2
    private static let raw: UInt32 = 3
    private static let sequencedPacket: UInt32 = 5
    /// SOCK_PACKET turns AF_INET into AF_PACKET.
    private static let packet: UInt32 = 10
    /// What neither SOCK_TYPE_MASK nor SOCK_CLOEXEC or SOCK_NONBLOCK has
    private static let unknownFlags: UInt32 = ~(0xf | 0o2000000 | 0o4000)

    /// socket(2) makes TCP, UDP, unix streams and routing sockets, nothing else. Other families (AF_VSOCK, AF_PACKET, AF_ALG) are
    /// not scoped by a network namespace, or need rights; other transports over IP (IPPROTO_SCTP, IPPROTO_MPTCP,
    /// IPPROTO_SMC, IPPROTO_L2TP) are not relayed, and some open sockets that nobody sees.
    private static func made(_ unixDatagrams: Bool) -> [SyscallRule] {
        let inet = SyscallRule.Condition.argument(0, is: AF_INET, AF_INET6)
        let unix = SyscallRule.Condition.argument(0, is: AF_UNIX)
        let netlink = SyscallRule.Condition.argument(0, is: AF_NETLINK)
        return [
            SyscallRule("socket", .fails(EINVAL), .argument(1, hasAnyOf: unknownFlags)),
            SyscallRule("socket", .allowed, inet, .type(stream), .argument(2, is: 0, Int32(IPPROTO_TCP))),
            SyscallRule("socket", .allowed, inet, .type(datagram), .argument(2, is: 0, Int32(IPPROTO_UDP))),
            // ping(8) without rights: what the kernel says where net.ipv4.ping_group_range, as in a new namespace, is empty.
            SyscallRule(
                "socket",
                .fails(EACCES),
                inet,
                .type(datagram),
                .argument(2, is: Int32(IPPROTO_ICMP), Int32(IPPROTO_ICMPV6))
            ),
            SyscallRule("socket", .fails(EPROTONOSUPPORT), inet, .type(stream, datagram)),
            SyscallRule("socket", .fails(EPERM), inet, .type(raw, packet)),
            SyscallRule("socket", .fails(ESOCKTNOSUPPORT), inet),
        ] + unixKinds("socket", unix, unixDatagrams) + [
            SyscallRule("socket", .allowed, netlink, .type(raw, datagram), .argument(2, is: 0)),  // NETLINK_ROUTE
            SyscallRule("socket", .fails(EPROTONOSUPPORT), netlink, .type(raw, datagram)),
            SyscallRule("socket", .fails(ESOCKTNOSUPPORT), netlink),
            SyscallRule("socket", .fails(EAFNOSUPPORT)),
        ]
    }

    private static func pairs(_ unixDatagrams: Bool) -> [SyscallRule] {
        [SyscallRule("socketpair", .fails(EINVAL), .argument(1, hasAnyOf: unknownFlags))]
            + unixKinds("socketpair", .argument(0, is: AF_UNIX), unixDatagrams) + [
                SyscallRule("socketpair", .fails(EOPNOTSUPP), .argument(0, is: AF_INET, AF_INET6, AF_NETLINK)),
                SyscallRule("socketpair", .fails(EAFNOSUPPORT)),
            ]
    }

    /// A unix socket of datagrams sends to a path without connect(2), also as one of a pair, and what is asked for as a raw one
    /// becomes one. The path may lead outside.
    private static func unixKinds(
        _ call: String,
        _ unix: SyscallRule.Condition,
        _ unixDatagrams: Bool
    ) -> [SyscallRule] {
        [
            SyscallRule(call, .allowed, unix, .type(stream, sequencedPacket)),
            SyscallRule(call, unixDatagrams ? .allowed : .fails(EACCES), unix, .type(datagram)),
            SyscallRule(call, .fails(EACCES), unix, .type(raw)),
            SyscallRule(call, .fails(ESOCKTNOSUPPORT), unix),
        ]
    }

    /// Where the supervisor has a socket refuse descriptors (`ReceivedRights`), the command can't have it take them again. A
    /// pidfd of a peer or sender may be one of the supervisor, which the run's pid namespace does not have.
    private static let options: [SyscallRule] = {
        let socket = SyscallRule.Condition.argument(1, is: SOL_SOCKET)
        let passPidfd: Int32 = 76  // SO_PASSPIDFD, SO_PEERPIDFD (Linux 6.5)
        let peerPidfd: Int32 = 77
        return [
            SyscallRule("setsockopt", .fails(EPERM), socket, .argument(2, is: ReceivedRights.option)),
            SyscallRule("setsockopt", .fails(ENOPROTOOPT), socket, .argument(2, is: passPidfd)),
            SyscallRule("setsockopt", .allowed),
            SyscallRule("getsockopt", .fails(ENOPROTOOPT), socket, .argument(2, is: peerPidfd)),
            SyscallRule("getsockopt", .allowed),
        ]
    }()

    /// What the supervisor performs: it says who connected where, no path of a unix socket leads out unseen, and which paths are
    /// those of sockets inside is known for certain. In a run with
    /// unix datagrams, also what can name where it sends to, of any socket: behind a pointer no filter sees it.
    ///
    /// MSG_FASTOPEN connects in a send (RFC 7413); programs fall back to connect(2) on EOPNOTSUPP. The supervisor refuses it in
    /// what it performs.
    private static func performed(_ unixDatagrams: Bool) -> [SyscallRule] {
        let fastOpen: UInt32 = 0x2000_0000
        let sends =
            unixDatagrams
            ? [
                SyscallRule("sendto", .notified, .isPointer(4)), SyscallRule("sendto", .allowed),
                SyscallRule("sendmsg", .notified), SyscallRule("sendmmsg", .notified),
            ]
            : [
                SyscallRule("sendto", .allowed),
                SyscallRule("sendmsg", .fails(EOPNOTSUPP), .argument(2, hasAnyOf: fastOpen)),
                SyscallRule("sendmsg", .allowed),
                SyscallRule("sendmmsg", .fails(EOPNOTSUPP), .argument(3, hasAnyOf: fastOpen)),
                SyscallRule("sendmmsg", .allowed),
            ]
        return [
            SyscallRule("connect", .notified), SyscallRule("bind", .notified),
            SyscallRule("sendto", .fails(EOPNOTSUPP), .argument(3, hasAnyOf: fastOpen)),
        ] + sends
    }
}
