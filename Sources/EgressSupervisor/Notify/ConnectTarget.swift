// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressSandbox
import Glibc
import LinuxSystem

/// What an address means to the socket it is given to: who has to be asked about it.
enum ConnectTarget: Equatable {
    /// The network: the gate is asked.
    case network(SocketAddress)
    /// A path in the file system.
    case path
    /// Nothing outside can be meant: it is performed as it is, and the kernel says what is wrong with it.
    case harmless
    /// The socket is connected so already: nothing has to be performed.
    case done
    /// Nothing that a worker's socket is used for.
    case forbidden(Int32)

    /// - Parameters:
    ///   - bytes: the address, as given
    ///   - domain: the socket's family
    ///   - type: the socket's type
    init(_ bytes: [UInt8], domain: Int32, type: Int32) {
        let family = Self.family(bytes)
        switch domain {
        case AF_INET, AF_INET6:
            // Datagrams are judged one by one; connecting sends nothing, and programs do it to sort addresses (RFC 6724).
            guard type == Socket.stream, let address = Self.address(bytes), !Self.isInside(address) else {
                self = .harmless
                return
            }
            self = .network(address)
        case AF_UNIX:
            // An empty path means an abstract name or none, which the network namespace keeps inside.
            self = Self.hasPath(bytes) ? .path : .harmless
        case AF_NETLINK:
            // Never performed: the kernel asks who sends, not only who made the socket. To the kernel alone (nl_pid and
            // nl_groups, behind the padding, are 0) it leads anyhow.
            let isToKernel = family == AF_NETLINK && bytes.dropFirst(4).prefix(8).allSatisfy { $0 == 0 }
            self = isToKernel && bytes.count >= 12 ? .done : .forbidden(EPERM)
        default:
            self = .forbidden(EACCES)
        }
    }

    /// True of a unix socket's address with a path.
    static func hasPath(_ bytes: [UInt8]) -> Bool {
        family(bytes) == AF_UNIX && bytes.count > 2 && bytes.count <= 110 && bytes[2] != 0
    }

    private static func family(_ bytes: [UInt8]) -> Int32 {
        bytes.count >= 2 ? Int32(UInt16(bytes[0]) | UInt16(bytes[1]) << 8) : -1
    }

    /// The IP address and port that an address means, if it is long enough for one.
    static func address(_ bytes: [UInt8]) -> SocketAddress? {
        guard bytes.count >= 4 else { return nil }
        let port = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
        switch family(bytes) {
        case AF_INET where bytes.count >= 16: return SocketAddress(networkBytes: bytes[4..<8], port: port)
        // Without the scope id, as the kernel takes it (SIN6_LEN_RFC2133).
        case AF_INET6 where bytes.count >= 24: return SocketAddress(networkBytes: bytes[8..<24], port: port)
        default: return nil
        }
    }

    /// W's own addresses, and port 53, where R's resolver answers whoever is asked.
    private static func isInside(_ address: SocketAddress) -> Bool {
        let ip = address.address.canonical
        return ip.isLoopback || ip.isUnspecified || address.port == 53
            || PrivateNetwork.isWorkerAddress(ip.networkBytes)
    }
}
