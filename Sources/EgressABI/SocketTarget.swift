// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Glibc

/// Where the bytes of a sockaddr lead, read as the kernel reads them.
enum SocketTarget {
    /// An address of IPv4 or IPv6, and a port.
    case internet(IPAddress, UInt16)
    /// Some place of another address family.
    case other(Int32)

    /// Nil for fewer bytes than the kernel accepts.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 2 else { return nil }
        // sa_family is in the byte order of the machine; the port and the address are in that of the network.
        let family = Int32(unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: sa_family_t.self) })
        let place: Range<Int>
        switch family {
        // The kernel's UDP takes AF_UNSPEC for AF_INET, for programs that forget to set it.
        case AF_INET, AF_UNSPEC: place = 4..<8
        case AF_INET6: place = 8..<24
        default:
            self = .other(family)
            return
        }
        // sizeof(sockaddr_in); for IPv6 that of RFC 2133, without the scope.
        guard bytes.count >= max(place.upperBound, 16), let address = IPAddress(networkBytes: bytes[place]) else {
            return nil
        }
        self = .internet(address, UInt16(bytes[2]) << 8 | UInt16(bytes[3]))
    }
}
