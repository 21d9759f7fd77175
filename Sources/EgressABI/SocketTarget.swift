// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Glibc

/// Where the bytes of a sockaddr lead, read as the kernel reads them.
struct SocketTarget {
    let address: IPAddress
    let port: UInt16

    /// Nil for other families, and for fewer bytes than the kernel accepts.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 2 else { return nil }
        // sa_family is in the byte order of the machine; the port and the address are in that of the network.
        let family = Int32(unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: sa_family_t.self) })
        switch family {
        // udp(7) takes AF_UNSPEC for AF_INET, for programs that forget to set it.
        case AF_INET where bytes.count >= 16, AF_UNSPEC where bytes.count >= 16:
            guard let address = IPAddress(networkBytes: bytes[4..<8]) else { return nil }
            self.address = address
        // 24 bytes, without the scope, was the size in RFC 2133.
        case AF_INET6 where bytes.count >= 24:
            guard let address = IPAddress(networkBytes: bytes[8..<24]) else { return nil }
            self.address = address
        default: return nil
        }
        port = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    }
}
