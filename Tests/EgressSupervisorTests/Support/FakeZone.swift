// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

@testable import EgressSupervisor

/// An IPv4 zone whose raw sockets are message pairs: what the worker sends is put in, and what is injected comes out.
final class FakeZone: Zone.Receiver {
    let loop: EventLoop
    private(set) var received: [CapturedPacket] = []
    private let tcp, udp, raw: End
    private var made: Zone?

    init(loop: EventLoop, only: Set<SocketAddress>? = nil) throws {
        self.loop = loop
        let (tcp, udp, raw) = (try Pair.messages(), try Pair.messages(), try Pair.messages())
        (self.tcp, self.udp, self.raw) = (tcp.0, udp.0, raw.0)
        // The zone owns its descriptors: it gets copies.
        made = try Zone(
            tcp: copy(tcp.1),
            udp: copy(udp.1),
            raw: copy(raw.1),
            isIPv6: false,
            only: only,
            loop: loop,
            receiver: self
        )
    }

    func zone() throws -> Zone {
        guard let made else { throw SystemError("making a zone", code: 22) }
        return made
    }

    func receive(_ packet: CapturedPacket, from zone: Zone) {
        received.append(packet)
    }

    /// The worker sends a packet.
    func send(tcp packet: [UInt8]) { _ = tcp.send(packet[...]) }
    func send(udp packet: [UInt8]) { _ = udp.send(packet[...]) }

    /// What was injected since the last call, packet by packet.
    func injected() -> [[UInt8]] {
        var packets: [[UInt8]] = []
        while case (.bytes, let packet) = raw.receive() { packets.append(packet) }
        return packets
    }
}

private func copy(_ end: End) throws -> FileDescriptor {
    let number = dup(end.raw)
    guard number >= 0 else { throw SystemError("copying a descriptor") }
    return FileDescriptor(owning: number)
}
