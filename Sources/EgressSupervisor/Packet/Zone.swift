// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// A place where the worker's packets of one IP version are caught and answers are put in: R, or W's loopback.
final class Zone: EventHandler {
    /// Told of each packet.
    protocol Receiver: AnyObject {
        func receive(_ packet: CapturedPacket, from zone: Zone)
    }

    let isIPv6: Bool
    private let captures: [Int32: Capture]
    private let raw: FileDescriptor
    private let loop: EventLoop
    private unowned let receiver: any Receiver
    private var buffer = [UInt8].untouched(count: 65536)
    /// What may be caught here; nil for anything. W's own loopback traffic is none of our business.
    private let only: Set<SocketAddress>?

    /// A raw socket that catches packets of one protocol.
    private struct Capture {
        let descriptor: FileDescriptorBox
        let protocolNumber: UInt8
        let isIPv6: Bool
    }

    /// How many packets are read before others have their turn.
    private static let burst = 64

    init(
        tcp: consuming FileDescriptor,
        udp: consuming FileDescriptor,
        raw: consuming FileDescriptor,
        isIPv6: Bool,
        only: Set<SocketAddress>? = nil,
        loop: EventLoop,
        receiver: any Receiver
    ) throws(SystemError) {
        let tcp = Capture(descriptor: FileDescriptorBox(tcp), protocolNumber: UInt8(IPPROTO_TCP), isIPv6: isIPv6)
        let udp = Capture(descriptor: FileDescriptorBox(udp), protocolNumber: UInt8(IPPROTO_UDP), isIPv6: isIPv6)
        captures = [tcp.descriptor.raw: tcp, udp.descriptor.raw: udp]
        self.isIPv6 = isIPv6
        self.raw = raw
        self.only = only
        self.loop = loop
        self.receiver = receiver
        for descriptor in captures.keys { try loop.add(descriptor, .readable, self) }
    }

    func handle(_ events: Events, on descriptor: Int32) {
        guard let capture = captures[descriptor] else { return }
        for _ in 0..<Self.burst where !readOne(capture) { return }
    }

    /// Handles the SYN that waits longest, if one does.
    func catchUp() {
        for capture in captures.values where capture.protocolNumber == UInt8(IPPROTO_TCP) { _ = readOne(capture) }
    }

    /// Reads what waits, to the last packet: the command is gone and sends no more.
    func drain() {
        for capture in captures.values {
            for _ in 0..<65536 where !readOne(capture) { break }
        }
    }

    /// Puts a packet into the namespace.
    func inject(_ packet: [UInt8], to address: SocketAddress) {
        // A raw socket takes no port.
        _ = Socket.send(raw.raw, packet, to: SocketAddress(address.address, port: 0))
    }

    /// Reads one packet; false when none waits.
    private func readOne(_ capture: Capture) -> Bool {
        let packet: CapturedPacket?
        if capture.isIPv6 {
            guard let received = Socket.receiveWithDestination(capture.descriptor.raw, into: &buffer) else {
                return false
            }
            packet = CapturedPacket(
                transport: received.bytes[...],
                protocolNumber: capture.protocolNumber,
                source: received.sender.networkBytes,
                destination: received.destination
            )
        } else {
            let result = unsafe buffer.withUnsafeMutableBytes { unsafe Socket.receive(capture.descriptor.raw, $0) }
            guard case .bytes(let count) = result else { return false }
            packet = CapturedPacket(packet: Array(buffer[..<count]))
        }
        if let packet, only?.contains(packet.key.remote) != false { receiver.receive(packet, from: self) }
        return true
    }
}
