// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Testing

@testable import LinuxSystem

struct SocketAddressTests {
    @Test(
        arguments: [
            (SocketAddress.v4(0x7f00_0001, port: 80), [127, 0, 0, 1], AF_INET),
            (.v4(0, port: 0), [0, 0, 0, 0], AF_INET),
            (.v4(0xffff_ffff, port: 65535), [255, 255, 255, 255], AF_INET),
            (.v6(high: 0, low: 1, port: 53), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], AF_INET6),
            (
                .v6(high: 0x2001_0db8_0102_0304, low: 0x0506_0708_090a_0b0c, port: 443),
                [0x20, 1, 0x0d, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], AF_INET6
            ),
        ] as [(SocketAddress, [UInt8], Int32)]
    ) func `an address is the same in every form`(_ address: SocketAddress, _ bytes: [UInt8], _ family: Int32) {
        #expect(address.networkBytes == bytes)
        #expect(address.family == family)
        #expect(SocketAddress(networkBytes: bytes, port: address.port) == address)
        let (storage, length) = address.storage
        #expect(SocketAddress(storage) == address)
        #expect(length == (family == AF_INET ? 16 : 28))
        // sockaddr_in and sockaddr_in6 (ip(7), ipv6(7)): family, port in network order, address.
        unsafe withUnsafeBytes(of: storage) { raw in
            let octets = unsafe Array(raw)
            #expect(octets[2...3] == [UInt8(address.port >> 8), UInt8(address.port & 255)])
            #expect(Array(octets[(family == AF_INET ? 4 : 8)...].prefix(bytes.count)) == bytes)
            #expect(octets[Int(length)...].allSatisfy { $0 == 0 })
        }
    }

    @Test func `only 4 or 16 bytes are an address`() {
        for count in 0..<40 where count != 4 && count != 16 {
            #expect(SocketAddress(networkBytes: [UInt8](repeating: 1, count: count), port: 1) == nil)
        }
    }

    @Test func `another family is no address`() {
        for family in [AF_UNSPEC, AF_UNIX, AF_NETLINK, AF_PACKET] {
            var (storage, _) = SocketAddress.v4(1, port: 1).storage
            storage.ss_family = UInt16(family)
            #expect(SocketAddress(storage) == nil)
        }
    }
}
