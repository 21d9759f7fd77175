// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

extension SandboxPlan {
    private static let rawProtocol: Int32 = 255  // IPPROTO_RAW
    private static let backlog: Int32 = 4096
    // SO_MARK
    private static let marked = SocketPlan.Option.number(level: SOL_SOCKET, name: 36, PrivateNetwork.ownMark)

    /// One of R's sockets.
    static func socket(_ socket: RelaySocket) -> SocketPlan {
        let family: PacketFilters.Family = socket.isIPv6 ? .ipv6 : .ipv4
        return switch socket {
        case .captureTCP4, .captureTCP6: capture(family, Int32(IPPROTO_TCP), from: PrivateNetwork.linkIndex)
        case .captureUDP4, .captureUDP6: capture(family, Int32(IPPROTO_UDP), from: PrivateNetwork.linkIndex)
        case .raw4, .raw6: injection(family)
        case .resolverUDP4, .resolverUDP6: resolverUDP(family)
        case .resolverTCP4, .resolverTCP6: resolverTCP(family)
        }
    }

    /// A raw socket that gets copies of the worker's packets, with their destination.
    private static func capture(
        _ family: PacketFilters.Family,
        _ protocolNumber: Int32,
        from interface: Int32,
        only ports: [UInt16] = []
    ) -> SocketPlan {
        let isTCP = protocolNumber == Int32(IPPROTO_TCP)
        var options: [SocketPlan.Option] = [
            .filter(PacketFilters.capture(family, isTCP: isTCP, from: interface, only: ports)),
            .number(level: SOL_SOCKET, name: SO_RCVBUF, 4 << 20),  // as far as net.core.rmem_max allows
        ]
        // IPv6 raw sockets do not give the header.
        if family == .ipv6 { options.append(.number(level: Int32(IPPROTO_IPV6), name: IPV6_RECVPKTINFO, 1)) }
        return SocketPlan(
            what: "opening a raw \(family.name) socket for \(isTCP ? "TCP" : "UDP")",
            domain: family.domain,
            type: Socket.raw,
            protocolNumber: protocolNumber,
            options: options
        )
    }

    /// A raw socket for packets with their IP header; it receives nothing.
    private static func injection(_ family: PacketFilters.Family) -> SocketPlan {
        SocketPlan(
            what: "opening a raw \(family.name) socket",
            domain: family.domain,
            type: Socket.raw,
            protocolNumber: rawProtocol
        )
    }

    /// A listener that takes no SYN before it is released; in R, on a port to be filled in.
    static func heldListener(_ family: PacketFilters.Family, address: [UInt8]? = nil, port: UInt16 = 0) -> SocketPlan {
        var options: [SocketPlan.Option] = [
            .number(level: SOL_SOCKET, name: SO_REUSEADDR, 1),
            // Inherited by what is accepted: small writes go out at once, as the other side made them.
            .number(level: Int32(IPPROTO_TCP), name: TCP_NODELAY, 1),
            // Inherited too. A worker that closed its end for good is silent after a minute; its kernel then answers a probe
            // with a reset, and a connection that the other side never closes is given up, as it would be natively.
            .number(level: SOL_SOCKET, name: SO_KEEPALIVE, 1),
            .number(level: Int32(IPPROTO_TCP), name: TCP_KEEPIDLE, 60),
            .number(level: Int32(IPPROTO_TCP), name: TCP_KEEPINTVL, 30),
            .filter(PacketFilters.hold(family)),
            marked,
        ]
        if family == .ipv6 { options.append(.number(level: Int32(IPPROTO_IPV6), name: IPV6_V6ONLY, 1)) }
        return SocketPlan(
            what: "listening on a port",
            domain: family.domain,
            type: Socket.stream,
            protocolNumber: 0,
            options: options,
            address: socketAddress(family, address, port),
            backlog: backlog
        )
    }

    private static func resolverUDP(_ family: PacketFilters.Family) -> SocketPlan {
        let (ip, ipv6) = (Int32(IPPROTO_IP), Int32(IPPROTO_IPV6))
        // Answers come from the address that was asked, whichever it is: IP_FREEBIND, IPV6_FREEBIND.
        let options: [SocketPlan.Option] =
            family == .ipv4
            ? [.number(level: ip, name: IP_PKTINFO, 1), .number(level: ip, name: 15, 1)]
            : [
                .number(level: ipv6, name: IPV6_V6ONLY, 1), .number(level: ipv6, name: IPV6_RECVPKTINFO, 1),
                .number(level: ipv6, name: 78, 1),
            ]
        return SocketPlan(
            what: "listening on UDP port 53 of R",
            domain: family.domain,
            type: Socket.datagram,
            protocolNumber: 0,
            options: options,
            address: socketAddress(family, nil, 53)
        )
    }

    private static func resolverTCP(_ family: PacketFilters.Family) -> SocketPlan {
        let only: [SocketPlan.Option] = [.number(level: Int32(IPPROTO_IPV6), name: IPV6_V6ONLY, 1)]
        return SocketPlan(
            what: "listening on TCP port 53 of R",
            domain: family.domain,
            type: Socket.stream,
            protocolNumber: 0,
            options: [marked] + (family == .ipv6 ? only : []),
            address: socketAddress(family, nil, 53),
            backlog: 128
        )
    }

    /// Asks W's kernel which unix sockets are bound there.
    static let diagnostics = SocketPlan(
        what: "opening a netlink socket (sock_diag)",
        domain: AF_NETLINK,
        type: Socket.raw,
        protocolNumber: 4  // NETLINK_SOCK_DIAG
    )

    /// Asks a namespace's kernel for its links (rtnetlink(7)).
    static let links = SocketPlan(
        what: "opening a netlink socket (rtnetlink)",
        domain: AF_NETLINK,
        type: Socket.raw,
        protocolNumber: 0  // NETLINK_ROUTE
    )

    /// W's sockets for the host's loopback ports, by family: captures and a raw socket as in R; then for each port a
    /// listener, or for UDP a socket that only keeps the kernel from answering in the host's place.
    static func loopbackSockets(_ ports: [HostLoopbackPort]) -> [SocketPlan] {
        let zones = LoopbackSockets.families(of: ports).flatMap { family in
            let numbers = Set(ports.filter { $0.family == family }.map(\.port)).sorted()
            return [
                capture(family, Int32(IPPROTO_TCP), from: PrivateNetwork.loopbackIndex, only: numbers),
                capture(family, Int32(IPPROTO_UDP), from: PrivateNetwork.loopbackIndex, only: numbers),
                injection(family),
            ]
        }
        return zones
            + ports.map { entry -> SocketPlan in
                if entry.protocolNumber == Int32(IPPROTO_TCP) {
                    return heldListener(entry.family, address: entry.address, port: entry.port)
                }
                return SocketPlan(
                    what: "keeping UDP port \(entry.port) of the worker's loopback",
                    domain: entry.family.domain,
                    type: Socket.datagram,
                    protocolNumber: 0,
                    options: [.filter(PacketFilters.nothing)],
                    address: socketAddress(entry.family, entry.address, entry.port)
                )
            }
    }

    /// A struct sockaddr_in or sockaddr_in6; without an address, the wildcard.
    private static func socketAddress(_ family: PacketFilters.Family, _ address: [UInt8]?, _ port: UInt16) -> [UInt8] {
        let head = NetlinkMessage.bytes(UInt16(family.domain)) + NetlinkMessage.bytes(port.bigEndian)
        if family == .ipv4 { return head + (address ?? [0, 0, 0, 0]) + [UInt8](repeating: 0, count: 8) }
        let wildcard = [UInt8](repeating: 0, count: 16)
        return head + [0, 0, 0, 0] + (address ?? wildcard) + [0, 0, 0, 0]
    }
}

extension PacketFilters.Family {
    var domain: Int32 { self == .ipv4 ? AF_INET : AF_INET6 }
    var name: String { self == .ipv4 ? "IPv4" : "IPv6" }
}

extension HostLoopbackPort {
    var family: PacketFilters.Family { address.count == 4 ? .ipv4 : .ipv6 }
}
