// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The unix sockets of one network namespace that are bound to a path (sock_diag(7), UNIX_DIAG).
public final class UnixSocketTable {
    private let netlink: FileDescriptor
    private var sequence: UInt32 = 1
    private var buffer = [UInt8](repeating: 0, count: 32768)

    /// The table of the namespace that a NETLINK_SOCK_DIAG socket was made in.
    public init(netlink: consuming FileDescriptor) {
        self.netlink = netlink
    }

    /// The table of the calling process's namespace.
    public static func own() throws(SystemError) -> UnixSocketTable {
        UnixSocketTable(netlink: try Socket.make(AF_NETLINK, Socket.raw, 4))  // NETLINK_SOCK_DIAG
    }

    /// True if a socket is bound to a file; nil if the kernel does not say.
    ///
    /// The kernel gives the lower 32 bits of an inode's number, so another file may be meant where numbers are longer.
    public func contains(_ file: FileIdentity) -> Bool? {
        sequence &+= 1
        // SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP
        var request = NetlinkMessage(20, flags: 0x301, header: Self.header)
        request.sequence = sequence
        let sent = unsafe request.bytes.withUnsafeBytes { unsafe Socket.send(netlink.raw, $0) }
        guard case .bytes = sent else { return nil }
        let wanted = Self.numbers(of: file)
        var isFound = false
        while true {
            let result = unsafe buffer.withUnsafeMutableBytes { unsafe Socket.receive(netlink.raw, $0) }
            guard case .bytes(let count) = result else { return nil }
            switch scan(count, for: wanted) {
            case .found: isFound = true  // the rest has to be read all the same
            case .nothing: break
            case .end: return isFound
            case .foundAtEnd: return true
            case .failed: return nil
            }
        }
    }

    /// struct unix_diag_req: all states, all sockets, UDIAG_SHOW_VFS.
    private static let header: [UInt8] =
        [UInt8(AF_UNIX), 0, 0, 0] + NetlinkMessage.bytes(UInt32.max) + NetlinkMessage.bytes(UInt32(0))
        + NetlinkMessage.bytes(UInt32(2)) + NetlinkMessage.bytes(UInt64.max)

    /// struct unix_diag_vfs: the inode, then the device as the kernel has it, with 20 bits of minor number.
    private static func numbers(of file: FileIdentity) -> [UInt8] {
        let major = UInt32(truncatingIfNeeded: (file.device >> 8) & 0xfff | (file.device >> 32) & 0xffff_f000)
        let minor = UInt32(truncatingIfNeeded: file.device & 0xff | (file.device >> 12) & 0xffff_ff00)
        return NetlinkMessage.bytes(UInt32(truncatingIfNeeded: file.inode))
            + NetlinkMessage.bytes(major << 20 | minor & 0xfffff)
    }

    private enum Finding {
        case nothing, found, end, foundAtEnd, failed
    }

    private func scan(_ count: Int, for wanted: [UInt8]) -> Finding {
        var at = 0
        var isFound = false
        while at + 16 <= count {
            let length = Int(number(at, 4))
            guard length >= 16, at + length <= count else { return .failed }
            if number(at + 8, 4) == sequence {
                switch number(at + 4, 2) {
                case 3: return isFound ? .foundAtEnd : .end  // NLMSG_DONE
                case 20: isFound = isFound || attribute(1, in: at + 32..<at + length) == wanted  // UNIX_DIAG_VFS
                default: return .failed  // NLMSG_ERROR
                }
            }
            at += (length + 3) & ~3
        }
        return isFound ? .found : .nothing
    }

    private func attribute(_ type: UInt32, in range: Range<Int>) -> [UInt8]? {
        var at = range.lowerBound
        while at + 4 <= range.upperBound {
            let length = Int(number(at, 2))
            guard length >= 4, at + length <= range.upperBound else { return nil }
            if number(at + 2, 2) == type { return Array(buffer[at + 4..<at + length]) }
            at += (length + 3) & ~3
        }
        return nil
    }

    private func number(_ at: Int, _ count: Int) -> UInt32 {
        (0..<count).reduce(0) { $0 | UInt32(buffer[at + $1]) << (8 * UInt32($1)) }
    }
}
