// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// Names and numbers of the two private network namespaces, and the requests that set them up.
///
///     W (worker)                          R (relay)
///     lo                                  lo
///     eth0 192.0.0.2/29  ---- veth ----   worker 192.0.0.1/29
///     default via 192.0.0.1               local default dev lo: every address is R's own
///
/// 192.0.0.0/29 is the IPv4 Service Continuity Prefix (RFC 7335): made for a link between a host and its translator, and
/// never a destination.
public enum PrivateNetwork {
    /// W's address.
    public static let workerIPv4: [UInt8] = [192, 0, 0, 2]
    /// R's address, which is W's gateway and name server.
    public static let relayIPv4: [UInt8] = [192, 0, 0, 1]
    /// Index of either end of the link, chosen by us.
    static let linkIndex: Int32 = 2
    /// Index of the loopback of any network namespace.
    static let loopbackIndex: Int32 = 1
    /// The link's name in R.
    static let relayLink = "worker"

    /// IPv6 addresses of the link.
    public enum IPv6: Sendable {
        /// The host has none, so W gets none: a program then behaves as it would outside.
        case absent
        /// The host's are unique local addresses (RFC 4193).
        case uniqueLocal
        /// The host has global ones.
        case global

        /// Upper 64 bits. RFC 6724 orders destinations by the source's scope and label, so W's address is of the kind the
        /// host's is; 2001:db8::/32 (RFC 3849) counts as global there.
        var prefix: [UInt8]? {
            switch self {
            case .absent: nil
            case .uniqueLocal: [0xfd, 0x65, 0x67, 0x72, 0x65, 0x73, 0x73, 0x00]
            case .global: [0x20, 0x01, 0x0d, 0xb8, 0x65, 0x67, 0x72, 0x65]
            }
        }

        /// What the calling process's namespace has, from the lines of /proc/net/if_inet6.
        public static func ofHost() -> IPv6 {
            ofAddresses(contents(ofFile: "/proc/net/if_inet6") ?? [])
        }

        static func ofAddresses(_ lines: [UInt8]) -> IPv6 {
            var found = IPv6.absent
            for line in lines.split(separator: UInt8(ascii: "\n")) {
                let fields = line.split(separator: UInt8(ascii: " "))
                // address, index, prefix length, scope, flags, name; scope 00 is global (linux/net/ipv6.h).
                guard fields.count >= 6, fields[3].elementsEqual("00".utf8), let first = fields[0].first else {
                    continue
                }
                if first == UInt8(ascii: "f") { if found == .absent { found = .uniqueLocal } } else { return .global }
            }
            return found
        }
    }

    static func relayIPv6(_ prefix: [UInt8]) -> [UInt8] { prefix + [0, 0, 0, 0, 0, 0, 0, 1] }
    static func workerIPv6(_ prefix: [UInt8]) -> [UInt8] { prefix + [0, 0, 0, 0, 0, 0, 0, 2] }

    /// True of W's addresses, 4 or 16 bytes in network order.
    public static func isWorkerAddress(_ bytes: [UInt8]) -> Bool {
        bytes == workerIPv4
            || [IPv6.uniqueLocal, .global].contains { $0.prefix.map { workerIPv6($0) } == bytes }
    }

    // MARK: Requests

    private enum Message {
        static let newLink: UInt16 = 16, newAddress: UInt16 = 20, newRoute: UInt16 = 24, newRule: UInt16 = 32
        static let deleteRule: UInt16 = 33
    }

    private static let up: UInt32 = 0x1  // IFF_UP
    private static let noARP: UInt32 = 0x80  // IFF_NOARP
    private static let localTable: UInt8 = 255  // RT_TABLE_LOCAL

    private static func linkHeader(index: Int32, flags: UInt32) -> [UInt8] {
        [0, 0, 0, 0] + NetlinkMessage.bytes(index) + NetlinkMessage.bytes(flags) + NetlinkMessage.bytes(flags)
    }

    /// Brings an interface up.
    static func up(index: Int32) -> NetlinkMessage {
        NetlinkMessage(Message.newLink, flags: NetlinkMessage.request, header: linkHeader(index: index, flags: up))
    }

    /// Makes the link, up at our end (a veth without its peer can't be), the far end in the namespace of a process that is filled in at the returned
    /// offset. Both ends have the same hardware address and no ARP or neighbour discovery: what one sends, the other takes.
    static func link() -> (NetlinkMessage, pidOffset: Int) {
        let flags = up | noARP
        let hardware: [UInt8] = [0x02, 0, 0, 0, 0, 0x01]
        var pidOffset = 0
        var message = NetlinkMessage(
            Message.newLink,
            flags: NetlinkMessage.create,
            header: linkHeader(index: linkIndex, flags: flags)
        )
        func describe(_ message: inout NetlinkMessage, name: String) {
            message.attribute(3, name)  // IFLA_IFNAME
            message.attribute(1, hardware)  // IFLA_ADDRESS
            message.attribute(4, UInt32(65535))  // IFLA_MTU: no datagram is ever fragmented between W and R
            // IFLA_NUM_TX_QUEUES, IFLA_NUM_RX_QUEUES. Unsaid, the kernel makes one for each processor, takes all but one
            // away again, and waits until no processor can be using those.
            message.attribute(31, UInt32(1))
            message.attribute(32, UInt32(1))
        }
        describe(&message, name: relayLink)
        message.nested(18) { info in  // IFLA_LINKINFO
            info.attribute(1, Array("veth".utf8))  // IFLA_INFO_KIND
            info.nested(2) { data in  // IFLA_INFO_DATA
                data.nested(1) { peer in  // VETH_INFO_PEER
                    peer.append(linkHeader(index: linkIndex, flags: noARP))
                    describe(&peer, name: "eth0")
                    pidOffset = peer.attribute(19, UInt32(0))  // IFLA_NET_NS_PID
                }
            }
        }
        return (message, pidOffset)
    }

    /// Gives the link an address, usable at once: no duplicate address detection (RFC 4862) on a link of two.
    static func address(_ bytes: [UInt8], prefixLength: UInt8) -> NetlinkMessage {
        let header = [family(bytes), prefixLength, 0x02, 0] + NetlinkMessage.bytes(linkIndex)  // IFA_F_NODAD
        var message = NetlinkMessage(Message.newAddress, flags: NetlinkMessage.create, header: header)
        message.attribute(2, bytes)  // IFA_LOCAL
        message.attribute(1, bytes)  // IFA_ADDRESS
        return message
    }

    /// W's default route.
    static func defaultRoute(via gateway: [UInt8]) -> NetlinkMessage {
        // table RT_TABLE_MAIN, protocol RTPROT_STATIC, scope universe, type RTN_UNICAST
        let header: [UInt8] = [family(gateway), 0, 0, 0, 254, 4, 0, 1, 0, 0, 0, 0]
        var message = NetlinkMessage(Message.newRoute, flags: NetlinkMessage.create, header: header)
        message.attribute(5, gateway)  // RTA_GATEWAY
        message.attribute(4, UInt32(linkIndex))  // RTA_OIF
        return message
    }

    /// Refuses W's link-local destinations (RFC 4291, section 2.5.6): such a packet would get to R, which takes none that
    /// isn't for its own end of the link, and nobody would be told.
    static func refuseLinkLocal() -> NetlinkMessage {
        let header: [UInt8] = [UInt8(AF_INET6), 10, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0]  // FR_ACT_PROHIBIT
        var message = NetlinkMessage(Message.newRule, flags: NetlinkMessage.create, header: header)
        message.attribute(1, [0xfe, 0x80] + [UInt8](repeating: 0, count: 14))  // FRA_DST
        // W's own are found in the local table, before.
        message.attribute(6, UInt32(100))  // FRA_PRIORITY
        return message
    }

    /// Makes every address R's own. It stands in the local table, because the kernel asks that table whether an answer
    /// may be sent from an address (`__ip_dev_find`).
    static func everyAddressIsLocal(family: Int32) -> NetlinkMessage {
        // scope RT_SCOPE_HOST, type RTN_LOCAL
        let header: [UInt8] = [UInt8(family), 0, 0, 0, localTable, 4, 254, 2, 0, 0, 0, 0]
        var message = NetlinkMessage(Message.newRoute, flags: NetlinkMessage.create, header: header)
        message.attribute(4, UInt32(1))  // RTA_OIF: lo
        return message
    }

    /// Keeps W's own address out of `everyAddressIsLocal`: a longer prefix wins. Its neighbours stay in, so that what is
    /// sent to them is judged.
    static func workerIsOnLink(_ worker: [UInt8]) -> NetlinkMessage {
        // RT_SCOPE_LINK
        let header: [UInt8] = [family(worker), UInt8(worker.count * 8), 0, 0, localTable, 4, 253, 1, 0, 0, 0, 0]
        var message = NetlinkMessage(Message.newRoute, flags: NetlinkMessage.create, header: header)
        message.attribute(1, worker)  // RTA_DST
        message.attribute(4, UInt32(linkIndex))  // RTA_OIF
        return message
    }

    /// What R's own sockets mark their packets with (SO_MARK); the kernel's answers on its own account have no mark.
    static let ownMark: Int32 = 1

    /// Drops what R's kernel sends of a protocol without our mark: the reset for a port where nobody listens yet, the
    /// ICMP error for a datagram that no socket took. Every answer to the worker is ours.
    static func silence(_ protocolNumber: UInt8, family: Int32) -> NetlinkMessage {
        let header: [UInt8] = [UInt8(family), 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0]  // FR_ACT_BLACKHOLE
        var message = NetlinkMessage(Message.newRule, flags: NetlinkMessage.create, header: header)
        message.attribute(6, UInt32(100) + UInt32(protocolNumber))  // FRA_PRIORITY
        message.attribute(3, "lo")  // FRA_IIFNAME: what is sent from here
        message.attribute(22, protocolNumber)  // FRA_IP_PROTO
        message.attribute(10, UInt32(0))  // FRA_FWMARK
        message.attribute(16, UInt32.max)  // FRA_FWMASK
        return message
    }

    /// Asks the local table.
    static func localTable(family: Int32, priority: UInt32) -> NetlinkMessage {
        let header: [UInt8] = [UInt8(family), 0, 0, 0, localTable, 0, 0, 1, 0, 0, 0, 0]  // FR_ACT_TO_TBL
        var message = NetlinkMessage(Message.newRule, flags: NetlinkMessage.create, header: header)
        message.attribute(6, priority)  // FRA_PRIORITY
        return message
    }

    /// Takes the rule away that asks the local table before any other.
    static func deleteFirstRule(family: Int32) -> NetlinkMessage {
        let header: [UInt8] = [UInt8(family), 0, 0, 0, localTable, 0, 0, 1, 0, 0, 0, 0]
        var message = NetlinkMessage(Message.deleteRule, flags: NetlinkMessage.request, header: header)
        message.attribute(6, UInt32(0))  // FRA_PRIORITY
        return message
    }

    private static func family(_ address: [UInt8]) -> UInt8 {
        UInt8(address.count == 4 ? AF_INET : AF_INET6)
    }
}
