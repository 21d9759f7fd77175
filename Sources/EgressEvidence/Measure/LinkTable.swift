// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// A link of a network namespace.
public struct NetworkLink: Equatable, Sendable {
    /// Its index and name.
    public var index: Int32, name: String
    /// "loopback", or what IFLA_INFO_KIND says; empty for a device that is none of the kernel's virtual ones.
    public var kind: String
    /// IFF_UP
    public var isUp: Bool
    /// The other end of a veth is in the namespace that this one knows by this number.
    var peerNamespace: Int32?
    /// Where that is: "worker", "relay" or "unknown"; nil for what is no pair.
    public var peer: String?
}

/// Asks the kernel for the links of the namespace that a netlink socket was made in (rtnetlink(7)).
struct LinkTable {
    private let descriptor: Int32

    init(_ netlink: borrowing FileDescriptor) {
        descriptor = netlink.raw
    }

    /// All links, whether up or down.
    func links() throws(SystemError) -> [NetworkLink] {
        // RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, struct ifinfomsg
        let replies = try ask(NetlinkMessage(18, flags: 0x301, header: [UInt8](repeating: 0, count: 16)), isDump: true)
        var links: [NetworkLink] = []
        for reply in replies {
            guard reply.type == 16, let link = Self.link(reply.payload) else {  // RTM_NEWLINK
                throw SystemError("listing the links of a namespace", code: EPROTO)
            }
            links.append(link)
        }
        return links
    }

    /// The number by which the namespace of the socket knows another one; nil if it has none for it.
    func number(of namespace: Int32) throws(SystemError) -> Int32? {
        // RTM_GETNSID, NLM_F_REQUEST, struct rtgenmsg, NETNSA_FD
        var request = NetlinkMessage(90, flags: 1, header: [0, 0, 0, 0])
        request.attribute(3, UInt32(bitPattern: namespace))
        guard let reply = try ask(request, isDump: false).first, reply.type == 88,  // RTM_NEWNSID
            let value = Self.attributes(reply.payload.dropFirst(4))[1], value.count == 4  // NETNSA_NSID
        else { throw SystemError("asking for the number of a namespace", code: EPROTO) }
        let number = Int32(bitPattern: Self.number(value))
        return number < 0 ? nil : number
    }

    // MARK: Messages

    private struct Reply {
        let type: UInt32
        let payload: ArraySlice<UInt8>
    }

    private func ask(_ request: NetlinkMessage, isDump: Bool) throws(SystemError) -> [Reply] {
        let stage = "asking for the links of a namespace"
        let sent = unsafe request.bytes.withUnsafeBytes { unsafe Socket.send(descriptor, $0) }
        guard case .bytes = sent else { throw SystemError(stage, code: EIO) }
        var replies: [Reply] = []
        var buffer = [UInt8].untouched(count: 65536)
        // More links than this no namespace of ours has.
        while replies.count < 4096 {
            let result = unsafe buffer.withUnsafeMutableBytes { unsafe Socket.receive(descriptor, $0) }
            guard case .bytes(let count) = result else { throw SystemError(stage, code: EIO) }
            var rest = buffer[..<count]
            while rest.count >= 16 {
                let length = Int(Self.number(rest.prefix(4)))
                guard length >= 16, length <= rest.count else { throw SystemError(stage, code: EPROTO) }
                let type = Self.number(rest.dropFirst(4).prefix(2))
                if type == 3 { return replies }  // NLMSG_DONE
                if type == 2 { throw SystemError(stage, code: Self.error(rest)) }  // NLMSG_ERROR
                replies.append(Reply(type: type, payload: rest.prefix(length).dropFirst(16)))
                rest = rest.dropFirst((length + 3) & ~3)
            }
            if !isDump { return replies }
        }
        throw SystemError(stage, code: E2BIG)
    }

    private static func error(_ message: ArraySlice<UInt8>) -> Int32 {
        let code = -Int32(bitPattern: number(message.dropFirst(16).prefix(4)))
        return code > 0 ? code : EPROTO
    }

    /// struct ifinfomsg and its attributes.
    private static func link(_ payload: ArraySlice<UInt8>) -> NetworkLink? {
        guard payload.count >= 16 else { return nil }
        let attributes = attributes(payload.dropFirst(16))
        guard let name = attributes[3] else { return nil }  // IFLA_IFNAME
        let information = attributes[18].map { Self.attributes($0) } ?? [:]  // IFLA_LINKINFO
        let isLoopback = number(payload.dropFirst(2).prefix(2)) == 772  // ARPHRD_LOOPBACK
        return NetworkLink(
            index: Int32(bitPattern: number(payload.dropFirst(4).prefix(4))),
            name: text(name),
            kind: isLoopback ? "loopback" : information[1].map { text($0) } ?? "",  // IFLA_INFO_KIND
            isUp: number(payload.dropFirst(8).prefix(4)) & 1 != 0,  // IFF_UP
            peerNamespace: attributes[37].map { Int32(bitPattern: number($0)) }  // IFLA_LINK_NETNSID
        )
    }

    private static func attributes(_ bytes: ArraySlice<UInt8>) -> [UInt32: ArraySlice<UInt8>] {
        var result: [UInt32: ArraySlice<UInt8>] = [:]
        var rest = bytes
        while rest.count >= 4 {
            let length = Int(number(rest.prefix(2)))
            guard length >= 4, length <= rest.count else { break }
            // Without NLA_F_NESTED and NLA_F_NET_BYTEORDER.
            result[number(rest.dropFirst(2).prefix(2)) & 0x3fff] = rest.prefix(length).dropFirst(4)
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return result
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
