// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import Testing

@testable import EgressSandbox

struct PrivateNetworkTests {
    // MARK: IPv6 of the host

    private static let loopback = "00000000000000000000000000000001 01 80 10 80       lo\n"
    private static let linkLocal = "fe800000000000000042acfffe110002 02 40 20 80     eth0\n"
    private static let uniqueLocal = "fd000000000000000042acfffe110002 02 40 00 80     eth0\n"
    private static let global = "26062800022000010248189325c81946 02 40 00 00     eth0\n"
    private static let siteLocal = "fec00000000000000042acfffe110002 02 40 40 80     eth0\n"

    private static let hosts: [(String, String)] = [
        ("", "absent"),
        (loopback, "absent"),
        (loopback + linkLocal, "absent"),
        (loopback + siteLocal, "absent"),
        (loopback + uniqueLocal + linkLocal, "uniqueLocal"),
        (loopback + global, "global"),
        (uniqueLocal + global, "global"),
        (global + uniqueLocal, "global"),
        ("fc000000000000000000000000000001 02 07 00 80 eth0\n", "uniqueLocal"),
        // Cut and odd lines say nothing.
        ("26062800022000010248189325c81946 02 40 00\n", "absent"),
        ("\n\n \n", "absent"),
        ("26062800022000010248189325c81946 02 40 00 00 eth0", "global"),
    ]

    /// Lines as /proc/net/if_inet6 has them.
    @Test(arguments: hosts) func `the worker has IPv6 of the kind that the host has`(
        _ lines: String,
        _ expected: String
    ) {
        let found = PrivateNetwork.IPv6.ofAddresses(Array(lines.utf8))
        #expect("\(found)" == expected)
    }

    /// RFC 4193, section 3.1; RFC 3849
    @Test func `the link's addresses are of their kind and never a destination`() {
        #expect(PrivateNetwork.IPv6.absent.prefix == nil)
        #expect(PrivateNetwork.IPv6.uniqueLocal.prefix?.first == 0xfd)
        #expect(PrivateNetwork.IPv6.global.prefix?.prefix(4) == [0x20, 0x01, 0x0d, 0xb8])
        for kind in [PrivateNetwork.IPv6.uniqueLocal, .global] {
            #expect(kind.prefix?.count == 8)
            #expect(kind.prefix.map(PrivateNetwork.workerIPv6)?.count == 16)
        }
    }

    // MARK: Requests, byte by byte (rtnetlink(7), linux/rtnetlink.h, linux/if_link.h, linux/fib_rules.h)

    private func head(_ length: UInt8, _ type: UInt8, create: Bool = true) -> [UInt8] {
        [length, 0, 0, 0, type, 0] + (create ? [0x05, 0x06] : [0x05, 0x00]) + [1, 0, 0, 0, 0, 0, 0, 0]
    }

    @Test func `an interface is brought up by its index`() {
        #expect(
            PrivateNetwork.up(index: 1).bytes
                == head(32, 16, create: false) + [0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]
        )
    }

    @Test func `the link is a veth pair without ARP whose far end is elsewhere`() {
        let (message, pidOffset) = PrivateNetwork.link()
        let interface: (UInt8) -> [UInt8] = { flags in [0, 0, 0, 0, 2, 0, 0, 0, flags, 0, 0, 0, flags, 0, 0, 0] }
        let described: [UInt8] = [
            10, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 0,  // IFLA_ADDRESS
            8, 0, 4, 0, 0xff, 0xff, 0, 0,  // IFLA_MTU
            8, 0, 31, 0, 1, 0, 0, 0,  // IFLA_NUM_TX_QUEUES
            8, 0, 32, 0, 1, 0, 0, 0,  // IFLA_NUM_RX_QUEUES
        ]
        let near: [UInt8] = [11, 0, 3, 0] + Array("worker".utf8) + [0, 0]  // IFLA_IFNAME
        let far: [UInt8] = [9, 0, 3, 0] + Array("eth0".utf8) + [0, 0, 0, 0]
        let pid: [UInt8] = [8, 0, 19, 0, 0, 0, 0, 0]  // IFLA_NET_NS_PID
        let ends = interface(0x80) + far + described + pid
        let peer: [UInt8] = [UInt8(4 + ends.count), 0, 1, 0] + ends  // VETH_INFO_PEER
        let data: [UInt8] = [UInt8(4 + peer.count), 0, 2, 0] + peer  // IFLA_INFO_DATA
        let kind: [UInt8] = [8, 0, 1, 0] + Array("veth".utf8)  // IFLA_INFO_KIND
        let info: [UInt8] = [UInt8(4 + kind.count + data.count), 0, 18, 0] + kind + data  // IFLA_LINKINFO
        let body = interface(0x81) + near + described + info
        #expect(message.bytes == head(UInt8(16 + body.count), 16) + body)
        #expect(pidOffset == message.count - 4)
    }

    @Test func `an address is given without duplicate address detection`() {
        #expect(
            PrivateNetwork.address([192, 0, 0, 2], prefixLength: 29).bytes
                == head(40, 20) + [2, 29, 2, 0, 2, 0, 0, 0, 8, 0, 2, 0, 192, 0, 0, 2, 8, 0, 1, 0, 192, 0, 0, 2]
        )
        let ipv6 = [UInt8](repeating: 0xfd, count: 16)
        #expect(
            PrivateNetwork.address(ipv6, prefixLength: 64).bytes
                == head(64, 20) + [10, 64, 2, 0, 2, 0, 0, 0, 20, 0, 2, 0] + ipv6 + [20, 0, 1, 0] + ipv6
        )
    }

    @Test func `routes are as wide as they say`() {
        #expect(
            PrivateNetwork.defaultRoute(via: [192, 0, 0, 1]).bytes
                == head(44, 24) + [
                    2, 0, 0, 0, 254, 4, 0, 1, 0, 0, 0, 0, 8, 0, 5, 0, 192, 0, 0, 1, 8, 0, 4, 0, 2, 0, 0, 0,
                ]
        )
        // 0/0 of type local on lo, in the local table, of host scope
        #expect(
            PrivateNetwork.everyAddressIsLocal(family: AF_INET6).bytes
                == head(36, 24) + [10, 0, 0, 0, 255, 4, 254, 2, 0, 0, 0, 0, 8, 0, 4, 0, 1, 0, 0, 0]
        )
        #expect(
            PrivateNetwork.workerIsOnLink([192, 0, 0, 2]).bytes
                == head(44, 24) + [
                    2, 32, 0, 0, 255, 4, 253, 1, 0, 0, 0, 0, 8, 0, 1, 0, 192, 0, 0, 2, 8, 0, 4, 0, 2, 0, 0, 0,
                ]
        )
    }

    @Test func `link-local destinations are refused behind the local table`() {
        #expect(
            PrivateNetwork.refuseLinkLocal().bytes
                == head(56, 32) + [10, 10, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0]
                + [20, 0, 1, 0, 0xfe, 0x80] + [UInt8](repeating: 0, count: 14)  // FRA_DST
                + [8, 0, 6, 0, 100, 0, 0, 0]  // FRA_PRIORITY
        )
    }

    @Test func `rules silence the kernel before the local table is asked`() {
        #expect(
            PrivateNetwork.silence(6, family: AF_INET).bytes
                == head(68, 32) + [2, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0]
                + [8, 0, 6, 0, 106, 0, 0, 0]  // FRA_PRIORITY
                + [7, 0, 3, 0, 0x6c, 0x6f, 0, 0]  // FRA_IIFNAME
                + [5, 0, 22, 0, 6, 0, 0, 0]  // FRA_IP_PROTO
                + [8, 0, 10, 0, 0, 0, 0, 0]  // FRA_FWMARK
                + [8, 0, 16, 0, 255, 255, 255, 255]  // FRA_FWMASK
        )
        #expect(
            PrivateNetwork.localTable(family: AF_INET, priority: 1000).bytes
                == head(36, 32) + [2, 0, 0, 0, 255, 0, 0, 1, 0, 0, 0, 0, 8, 0, 6, 0, 0xe8, 3, 0, 0]
        )
        #expect(
            PrivateNetwork.deleteFirstRule(family: AF_INET6).bytes
                == head(36, 33, create: false) + [10, 0, 0, 0, 255, 0, 0, 1, 0, 0, 0, 0, 8, 0, 6, 0, 0, 0, 0, 0]
        )
    }
}
