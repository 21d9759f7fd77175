// SPDX-License-Identifier: Apache-2.0

import LinuxSystem

@testable import EgressSupervisor

/// The first byte says how the rest was caught: as a whole packet, or, from an IPv6 socket, as a transport header with
/// its addresses beside it. All that the relay makes of a packet is made of it, and is read again as what was meant.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let kind = input.first, let packet = capture(kind, Array(input.dropFirst())) else { return 0 }
    for reason in [InjectedPacket.Unreachable.network, .host, .port, .prohibited] {
        let message = InjectedPacket.unreachable(reason, packet.key, original: packet.bytes[...])
        precondition(IPHeader(message) != nil, "an ICMP message without a header")
    }
    switch packet.content {
    case .syn(let sequence):
        let released = InjectedPacket.released(packet, ttl: 201)
        guard let again = CapturedPacket(packet: released), case .syn(let number) = again.content else {
            fatalError("a released SYN is none")
        }
        precondition(again.key == packet.key && number == sequence, "a released SYN is another")
        precondition(released.count == packet.bytes.count)
        precondition(IPHeader(InjectedPacket.reset(packet.key, sequence: sequence)) != nil)
    case .datagram(let range):
        let payload = packet.bytes[range]
        guard let reply = InjectedPacket.datagram(packet.key, payload: payload) else { return 0 }
        guard let again = CapturedPacket(packet: reply), case .datagram(let copied) = again.content else {
            fatalError("an injected datagram is none")
        }
        precondition(again.bytes[copied] == payload, "an injected datagram lost its payload")
        precondition(again.key.worker == packet.key.remote && again.key.remote == packet.key.worker)
    }
    return 0
}

private func capture(_ kind: UInt8, _ bytes: [UInt8]) -> CapturedPacket? {
    if kind & 1 == 0 { return CapturedPacket(packet: bytes) }
    return CapturedPacket(
        transport: bytes.dropFirst(32),
        protocolNumber: kind & 2 == 0 ? 6 : 17,
        source: Array(bytes.prefix(16)),
        destination: Array(bytes.dropFirst(16).prefix(16))
    )
}
