// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import Testing

/// Bytes worked out by hand from netlink(7) and rtnetlink(7), in the host order of a little-endian machine.
struct NetlinkMessageTests {
    private let head: [UInt8] = [
        16, 0,  // RTM_NEWLINK
        5, 0,  // NLM_F_REQUEST | NLM_F_ACK
        1, 0, 0, 0,  // sequence number
        0, 0, 0, 0,  // port
    ]

    @Test func `a message begins with its length, type, flags and sequence number`() {
        let message = NetlinkMessage(16, flags: NetlinkMessage.request, header: [1, 2, 3, 4])
        #expect(message.bytes == [20, 0, 0, 0] + head + [1, 2, 3, 4])
    }

    @Test(
        arguments: [
            ([], [4, 0, 7, 0]),
            ([9], [5, 0, 7, 0, 9, 0, 0, 0]),
            ([9, 8, 7], [7, 0, 7, 0, 9, 8, 7, 0]),
            ([9, 8, 7, 6], [8, 0, 7, 0, 9, 8, 7, 6]),
            ([9, 8, 7, 6, 5], [9, 0, 7, 0, 9, 8, 7, 6, 5, 0, 0, 0]),
        ] as [([UInt8], [UInt8])]
    )
    func `an attribute has its length without the padding that follows it`(_ payload: [UInt8], _ expected: [UInt8]) {
        var message = NetlinkMessage(16, flags: NetlinkMessage.request, header: [])
        let offset = message.attribute(7, payload)
        #expect(offset == 20)
        #expect(Array(message.bytes.dropFirst(16)) == expected)
        #expect(message.count == 16 + expected.count)
    }

    @Test func `numbers are in host order and text ends with a NUL`() {
        var message = NetlinkMessage(16, flags: NetlinkMessage.create, header: [])
        message.attribute(4, UInt32(65535))
        message.attribute(3, "lo")
        message.attribute(1, UInt8(5))
        #expect(
            Array(message.bytes.dropFirst(16)) == [
                8, 0, 4, 0, 0xff, 0xff, 0, 0,
                7, 0, 3, 0, 0x6c, 0x6f, 0, 0,
                5, 0, 1, 0, 5, 0, 0, 0,
            ]
        )
        #expect(message.bytes[6...7] == [0x05, 0x06])
    }

    @Test func `a nested attribute has the length of all in it`() {
        var message = NetlinkMessage(16, flags: NetlinkMessage.request, header: [])
        var place = 0
        message.nested(18) { outer in
            outer.attribute(1, [0x76, 0x65, 0x74, 0x68, 0x31])
            outer.nested(2) { inner in
                inner.append([1, 2])
                place = inner.attribute(19, UInt32(7))
            }
        }
        #expect(
            Array(message.bytes.dropFirst(16)) == [
                32, 0, 18, 0,
                9, 0, 1, 0, 0x76, 0x65, 0x74, 0x68, 0x31, 0, 0, 0,
                16, 0, 2, 0,
                1, 2, 0, 0,
                8, 0, 19, 0, 7, 0, 0, 0,
            ]
        )
        #expect(message.bytes[place] == 7)
        #expect(message.bytes[0] == UInt8(message.count))
    }

    @Test func `a number has the bytes of its width`() {
        #expect(NetlinkMessage.bytes(UInt8(0xab)) == [0xab])
        #expect(NetlinkMessage.bytes(UInt16(0x0102)) == [2, 1])
        #expect(NetlinkMessage.bytes(Int32(-2)) == [0xfe, 0xff, 0xff, 0xff])
        #expect(NetlinkMessage.bytes(UInt64(1) << 56) == [0, 0, 0, 0, 0, 0, 0, 1])
    }
}
