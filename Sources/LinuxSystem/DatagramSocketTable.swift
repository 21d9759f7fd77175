// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The UDP sockets of one network namespace (sock_diag(7)).
public final class DatagramSocketTable {
    private let netlink: FileDescriptor
    /// Far from those of others that ask over the same socket.
    private var sequence: UInt32 = 1 << 31
    private var buffer = [UInt8](repeating: 0, count: 32768)

    /// The table of the namespace that a NETLINK_SOCK_DIAG socket was made in.
    public init(netlink: consuming FileDescriptor) {
        self.netlink = netlink
    }

    /// The cookie (`Socket.cookie`) of the one socket that can have sent from an address and port; nil if there is none, if
    /// there are several (SO_REUSEPORT, socket(7)), or if the kernel does not say.
    public func cookie(ofSocketAt local: SocketAddress) -> UInt64? {
        var cookies: Set<UInt64> = []
        // An IPv6 socket may send IPv4.
        let families = local.family == AF_INET ? [AF_INET, AF_INET6] : [AF_INET6]
        for family in families {
            guard let found = sockets(family, at: local) else { return nil }
            cookies.formUnion(found)
        }
        return cookies.count == 1 ? cookies.first : nil
    }

    private func sockets(_ family: Int32, at local: SocketAddress) -> [UInt64]? {
        sequence = sequence &+ 1 | 1 << 31
        // SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP
        var request = NetlinkMessage(20, flags: 0x301, header: Self.header(family, port: local.port))
        request.sequence = sequence
        let sent = unsafe request.bytes.withUnsafeBytes { unsafe Socket.send(netlink.raw, $0) }
        guard case .bytes = sent else { return nil }
        var found: [UInt64] = []
        while true {
            let result = unsafe buffer.withUnsafeMutableBytes { unsafe Socket.receive(netlink.raw, $0) }
            guard case .bytes(let count) = result else { return nil }
            switch scan(count, for: local, &found) {
            case .more: break
            case .end: return found
            case .failed: return nil
            }
        }
    }

    /// struct inet_diag_req_v2: UDP, all states, the local port, any addresses, any cookie.
    private static func header(_ family: Int32, port: UInt16) -> [UInt8] {
        [UInt8(family), UInt8(IPPROTO_UDP), 0, 0] + NetlinkMessage.bytes(UInt32.max)
            + [UInt8(port >> 8), UInt8(port & 255), 0, 0] + [UInt8](repeating: 0, count: 36)
            + NetlinkMessage.bytes(UInt64.max)
    }

    private enum Progress {
        case more, end, failed
    }

    private func scan(_ count: Int, for local: SocketAddress, _ found: inout [UInt64]) -> Progress {
        var at = 0
        while at + 16 <= count {
            let length = Int(number(at, 4))
            guard length >= 16, at + length <= count else { return .failed }
            if UInt32(number(at + 8, 4)) == sequence {
                switch number(at + 4, 2) {
                case 3: return .end  // NLMSG_DONE
                case 20 where length >= 16 + 72: take(at + 16, local, &found)
                default: return .failed  // NLMSG_ERROR: no udp_diag, for instance
                }
            }
            at += (length + 3) & ~3
        }
        return .more
    }

    /// struct inet_diag_msg: family, state, timer, retransmissions, then struct inet_diag_sockid: ports, addresses of 16
    /// octets, interface, cookie.
    private func take(_ at: Int, _ local: SocketAddress, _ found: inout [UInt64]) {
        let port = UInt16(buffer[at + 4]) << 8 | UInt16(buffer[at + 5])
        guard port == local.port else { return }
        let isIPv4 = Int32(buffer[at]) == AF_INET
        let address = Array(buffer[at + 8..<at + 8 + (isIPv4 ? 4 : 16)])
        let mapped = [UInt8](repeating: 0, count: 10) + [255, 255]
        let bytes = local.networkBytes
        // Bound to that address, as itself or mapped, or to any.
        let isThere = address == bytes || address == mapped + bytes || address.allSatisfy { $0 == 0 }
        if isThere || address == mapped + [0, 0, 0, 0] { found.append(number(at + 44, 8)) }
    }

    private func number(_ at: Int, _ count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 | UInt64(buffer[at + $1]) << (8 * UInt64($1)) }
    }
}

extension Socket {
    /// The number that the kernel gives a socket and never gives another (SO_COOKIE, Linux 4.12); nil if it can't be told.
    public static func cookie(_ descriptor: Int32) -> UInt64? {
        var cookie: UInt64 = 0
        var length = UInt32(MemoryLayout<UInt64>.size)
        let result = unsafe getsockopt(descriptor, SOL_SOCKET, 57, &cookie, &length)
        return result == 0 && cookie != 0 ? cookie : nil
    }
}
