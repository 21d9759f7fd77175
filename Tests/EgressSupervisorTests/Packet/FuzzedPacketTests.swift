// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import TestSupport
import Testing

@testable import EgressSupervisor

struct FuzzedPacketTests {
    /// The inputs of `scripts/fuzz`: a byte that says how the packet was caught, and the packet.
    static func inputs() -> [[UInt8]] {
        let text = String(decoding: contents(ofFile: Fixtures.path("fuzz/packet.hex")) ?? [], as: UTF8.self)
        return text.split(separator: "\n").map { line in
            let digits = line.prefix { $0 != "#" }.compactMap(\.hexDigitValue)
            return stride(from: 0, to: digits.count - digits.count % 2, by: 2).map {
                UInt8(digits[$0] << 4 | digits[$0 + 1])
            }
        }
    }

    @Test func `what fuzzing kept is no packet, or is let go as the same packet`() throws {
        let inputs = Self.inputs().filter { $0.first.map { $0 & 1 == 0 } ?? false }
        let packets = inputs.compactMap { CapturedPacket(packet: Array($0.dropFirst())) }
        for packet in packets {
            guard case .syn(let sequence) = packet.content else { continue }
            let released = try #require(CapturedPacket(packet: InjectedPacket.released(packet, ttl: 201)))
            guard case .syn(let number) = released.content else {
                Issue.record("a released SYN is none")
                continue
            }
            #expect(released.key == packet.key && number == sequence)
        }
        // Both kinds are there, else it would show nothing.
        #expect(packets.count > 3 && packets.count < inputs.count - 3)
    }
}
