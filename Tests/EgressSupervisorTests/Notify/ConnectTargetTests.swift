// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import Testing

@testable import EgressSupervisor

struct ConnectTargetTests {
    private static let family4: [UInt8] = [2, 0], family6: [UInt8] = [10, 0]

    private static func v4(_ address: [UInt8], port: UInt16 = 443) -> [UInt8] {
        family4 + [UInt8(port >> 8), UInt8(port & 0xff)] + address + [UInt8](repeating: 0, count: 8)
    }

    private static func v6(_ address: [UInt8], port: UInt16 = 443) -> [UInt8] {
        family6 + [UInt8(port >> 8), UInt8(port & 0xff), 0, 0, 0, 0] + address + [0, 0, 0, 0]
    }

    private static let mapped: [UInt8] = [UInt8](repeating: 0, count: 10) + [0xff, 0xff]
    private static let global6: [UInt8] = [0x26, 0x06, 0x28] + [UInt8](repeating: 0, count: 12) + [1]

    @Test(
        arguments: [
            (AF_INET, v4([93, 184, 216, 34])), (AF_INET6, v6(global6)), (AF_INET6, v6(mapped + [93, 184, 216, 34])),
            (AF_INET, v4([192, 0, 0, 1], port: 80)), (AF_INET, v4([169, 254, 169, 254], port: 80)),
            (AF_INET, v4([255, 255, 255, 255])), (AF_INET, v4([93, 184, 216, 34]) + [UInt8](repeating: 7, count: 99)),
            // The kernel takes an address without its scope id.
            (AF_INET6, Array(v6(global6).prefix(24))),
        ] as [(Int32, [UInt8])]
    )
    func `the gate is asked about the network`(_ domain: Int32, _ bytes: [UInt8]) {
        guard case .network(let address) = ConnectTarget(bytes, domain: domain, type: Socket.stream) else {
            Issue.record("\(bytes)")
            return
        }
        #expect(address.port == UInt16(bytes[2]) << 8 | UInt16(bytes[3]))
    }

    @Test(
        arguments: [
            // W's own
            (AF_INET, v4([127, 0, 0, 1])), (AF_INET, v4([127, 255, 0, 9])), (AF_INET, v4([0, 0, 0, 0])),
            (AF_INET, v4([192, 0, 0, 2])), (AF_INET6, v6([UInt8](repeating: 0, count: 15) + [1])),
            (AF_INET6, v6([UInt8](repeating: 0, count: 16))), (AF_INET6, v6(mapped + [127, 0, 0, 1])),
            // R's resolver answers in everyone's place
            (AF_INET, v4([8, 8, 8, 8], port: 53)),
            // What the kernel refuses
            (AF_INET, []), (AF_INET, [2]), (AF_INET, family4), (AF_INET, Array(v4([93, 184, 216, 34]).prefix(15))),
            (AF_INET6, Array(v6(global6).prefix(23))),
            // AF_UNSPEC dissolves
            (AF_INET, [UInt8](repeating: 0, count: 16)),
        ] as [(Int32, [UInt8])]
    )
    func `what stays inside is performed as it is`(_ domain: Int32, _ bytes: [UInt8]) {
        #expect(ConnectTarget(bytes, domain: domain, type: Socket.stream) == .harmless)
    }

    @Test func `connecting a datagram socket sends nothing`() {
        let bytes = Self.v4([93, 184, 216, 34])
        #expect(ConnectTarget(bytes, domain: AF_INET, type: Socket.datagram) == .harmless)
    }

    @Test(
        arguments: [
            ([1, 0, 0x2f, 0x78], ConnectTarget.path), ([1, 0, 0x78], .path),
            // Abstract, unnamed, without a path; another family, which the kernel refuses
            ([1, 0, 0, 0x78], .harmless), ([1, 0], .harmless), ([2, 0, 0x2f, 0x78], .harmless), ([1], .harmless),
            ([1, 0] + [UInt8](repeating: 0x78, count: 108), .path),
            ([1, 0] + [UInt8](repeating: 0x78, count: 109), .harmless),
        ] as [([UInt8], ConnectTarget)]
    )
    func `a unix address is a path or stays inside`(_ bytes: [UInt8], _ target: ConnectTarget) {
        #expect(ConnectTarget(bytes, domain: AF_UNIX, type: Socket.stream) == target)
    }

    @Test func `netlink speaks with the kernel alone`() {
        let kernel = [16, 0] + [UInt8](repeating: 0, count: 10)
        #expect(ConnectTarget(kernel, domain: AF_NETLINK, type: Socket.raw) == .done)
        for at in 4..<12 {
            var other = kernel
            other[at] = 1
            #expect(ConnectTarget(other, domain: AF_NETLINK, type: Socket.raw) == .forbidden(EPERM))
        }
    }

    @Test(arguments: [AF_PACKET, 40, 38, 0] as [Int32])
    func `a socket that cannot be made inside connects nowhere`(_ domain: Int32) {
        let target = ConnectTarget(Self.v4([127, 0, 0, 1]), domain: domain, type: Socket.stream)
        #expect(target == .forbidden(EACCES))
    }
}
