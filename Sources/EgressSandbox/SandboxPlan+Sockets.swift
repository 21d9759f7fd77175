// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

extension SandboxPlan {
    private static let packetFamily: Int32 = 17  // AF_PACKET
    private static let everyProtocol: UInt16 = 0x0003  // ETH_P_ALL
    private static let rawProtocol: Int32 = 255  // IPPROTO_RAW
    private static let backlog: Int32 = 4096

    /// One of R's sockets.
    static func socket(_ socket: RelaySocket) -> SocketPlan {
        switch socket {
        case .capture:
            capture(what: "capturing packets on the link (AF_PACKET)", interface: PrivateNetwork.linkIndex, only: [])
        case .raw4: SocketPlan(what: "opening a raw IPv4 socket", domain: AF_INET, type: Socket.raw, protocolNumber: rawProtocol)
        case .raw6: SocketPlan(what: "opening a raw IPv6 socket", domain: AF_INET6, type: Socket.raw, protocolNumber: rawProtocol)
        case .resolverUDP4, .resolverUDP6: resolverUDP(socket.isIPv6 ? AF_INET6 : AF_INET)
        case .resolverTCP4, .resolverTCP6: resolverTCP(socket.isIPv6 ? AF_INET6 : AF_INET)
        }
    }

    /// A packet socket with virtio headers (packet(7), PACKET_VNET_HDR), which tell of datagrams sent as one (UDP_SEGMENT).
    private static func capture(what: String, interface: Int32, only ports: [UInt16]) -> SocketPlan {
        // struct sockaddr_ll: family, protocol, interface, then what only a received packet has.
        let address =
            NetlinkMessage.bytes(UInt16(packetFamily)) + NetlinkMessage.bytes(everyProtocol.bigEndian)
            + NetlinkMessage.bytes(interface) + [UInt8](repeating: 0, count: 12)
        return SocketPlan(
            what: what,
            domain: packetFamily,
            type: Socket.raw,
            protocolNumber: 0,  // takes nothing until it is bound, when the filter stands
            options: [
                .filter(PacketFilters.capture(only: ports)),
                .number(level: 263, name: 23, 1),  // SOL_PACKET, PACKET_IGNORE_OUTGOING
                .number(level: 263, name: 15, 1),  // PACKET_VNET_HDR
                .number(level: SOL_SOCKET, name: SO_RCVBUF, 4 << 20),  // as far as net.core.rmem_max allows
            ],
            address: address
        )
    }

    /// A listener that takes no SYN before it is released, on a port to be filled in.
    static func listener(_ family: Int32) -> ListenerPlan {
        let (rule, portOffset) = PrivateNetwork.portRule(family: family, protocolNumber: 6, port: 0)
        return ListenerPlan(socket: heldListener(family), rule: rule, rulePortOffset: portOffset)
    }

    private static func heldListener(_ family: Int32, address: [UInt8]? = nil, port: UInt16 = 0) -> SocketPlan {
        var options: [SocketPlan.Option] = [
            .number(level: SOL_SOCKET, name: SO_REUSEADDR, 1),
            // Inherited by what is accepted: small writes go out at once, as the worker made them.
            .number(level: Int32(IPPROTO_TCP), name: TCP_NODELAY, 1),
            .filter(PacketFilters.hold(ttlOffset: family == AF_INET ? 8 : 7)),
        ]
        if family == AF_INET6 { options.append(.number(level: Int32(IPPROTO_IPV6), name: IPV6_V6ONLY, 1)) }
        return SocketPlan(
            what: "listening on a port",
            domain: family,
            type: Socket.stream,
            protocolNumber: 0,
            options: options,
            address: socketAddress(family, address, port),
            backlog: backlog
        )
    }

    private static func resolverUDP(_ family: Int32) -> SocketPlan {
        var options: [SocketPlan.Option] = [.number(level: SOL_SOCKET, name: SO_RCVBUF, 1 << 20)]
        if family == AF_INET {
            options += [.number(level: Int32(IPPROTO_IP), name: IP_PKTINFO, 1), .number(level: Int32(IPPROTO_IP), name: 15, 1)]
        } else {
            options += [
                .number(level: Int32(IPPROTO_IPV6), name: IPV6_V6ONLY, 1),
                .number(level: Int32(IPPROTO_IPV6), name: IPV6_RECVPKTINFO, 1),
                .number(level: Int32(IPPROTO_IPV6), name: 78, 1),  // IPV6_FREEBIND: answers come from any address
            ]
        }
        return SocketPlan(
            what: "listening on UDP port 53 of R",
            domain: family,
            type: Socket.datagram,
            protocolNumber: 0,
            options: options,
            address: socketAddress(family, nil, 53)
        )
    }

    private static func resolverTCP(_ family: Int32) -> SocketPlan {
        SocketPlan(
            what: "listening on TCP port 53 of R",
            domain: family,
            type: Socket.stream,
            protocolNumber: 0,
            options: family == AF_INET6 ? [.number(level: Int32(IPPROTO_IPV6), name: IPV6_V6ONLY, 1)] : [],
            address: socketAddress(family, nil, 53),
            backlog: 128
        )
    }

    /// W's sockets for the host's loopback ports: a capture of lo and a raw socket, as in R; for each port a listener, or for
    /// UDP a socket that only keeps the kernel from answering in the host's place; a raw IPv6 socket if any port is ::1's.
    static func loopbackSockets(_ ports: [HostLoopbackPort]) -> [SocketPlan] {
        let numbers = Set(ports.map(\.port)).sorted()
        let capture = capture(what: "capturing packets on the worker's loopback", interface: 1, only: numbers)
        let entries = ports.map { entry -> SocketPlan in
            let family = entry.address.count == 4 ? AF_INET : AF_INET6
            if entry.protocolNumber == Int32(IPPROTO_TCP) {
                return heldListener(family, address: entry.address, port: entry.port)
            }
            return SocketPlan(
                what: "keeping UDP port \(entry.port) of the worker's loopback",
                domain: family,
                type: Socket.datagram,
                protocolNumber: 0,
                options: [.filter(PacketFilters.nothing)],
                address: socketAddress(family, entry.address, entry.port)
            )
        }
        let hasIPv6 = ports.contains { $0.address.count == 16 }
        return [capture, socket(.raw4)] + entries + (hasIPv6 ? [socket(.raw6)] : [])
    }

    /// A struct sockaddr_in or sockaddr_in6; without an address, the wildcard.
    private static func socketAddress(_ family: Int32, _ address: [UInt8]?, _ port: UInt16) -> [UInt8] {
        let head = NetlinkMessage.bytes(UInt16(family)) + NetlinkMessage.bytes(port.bigEndian)
        if family == AF_INET { return head + (address ?? [0, 0, 0, 0]) + [UInt8](repeating: 0, count: 8) }
        let wildcard = [UInt8](repeating: 0, count: 16)
        return head + [0, 0, 0, 0] + (address ?? wildcard) + [0, 0, 0, 0]
    }
}
