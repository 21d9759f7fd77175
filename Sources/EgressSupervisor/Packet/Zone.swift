// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// A place where the worker's packets are caught and answers are put in: the link to R, or W's loopback.
@safe final class Zone: EventHandler {
    /// Told of each packet.
    protocol Receiver: AnyObject {
        func receive(_ packet: CapturedPacket, from zone: Zone)
    }

    private let capture: FileDescriptor
    private let raw4: FileDescriptor
    private let raw6: FileDescriptorBox?
    private let loop: EventLoop
    private unowned let receiver: any Receiver
    // Room for the largest aggregate that the link carries.
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: CapturedPacket.overhead + 65536 + 40, alignment: 16)

    /// How many packets are read before others have their turn.
    private static let burst = 64

    init(
        capture: consuming FileDescriptor,
        raw4: consuming FileDescriptor,
        raw6: FileDescriptorBox?,
        loop: EventLoop,
        receiver: any Receiver
    ) throws(SystemError) {
        self.capture = capture
        self.raw4 = raw4
        self.raw6 = raw6
        self.loop = loop
        self.receiver = receiver
        try loop.add(self.capture.raw, .readable, self)
    }

    deinit {
        unsafe buffer.deallocate()
    }

    func handle(_ events: Events, on descriptor: Int32) {
        for _ in 0..<Self.burst where !readOne() { return }
    }

    /// Reads what waits, to the last packet: the command is gone and sends no more.
    func drain() {
        for _ in 0..<65536 where !readOne() { return }
    }

    /// Puts a packet into the namespace.
    func inject(_ packet: [UInt8], to address: SocketAddress) {
        // A raw socket takes no port.
        let target = SocketAddress(address.address, port: 0)
        if address.family == SocketAddress.ipv4Family {
            _ = Socket.send(raw4.raw, packet, to: target)
        } else if let raw6 = raw6?.raw {
            _ = Socket.send(raw6, packet, to: target)
        }
    }

    /// Reads one packet; false when none waits.
    private func readOne() -> Bool {
        guard case .bytes(let count) = unsafe Socket.receive(capture.raw, buffer) else { return false }
        let frame = unsafe Array(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        if let packet = CapturedPacket(frame: frame[...]) { receiver.receive(packet, from: self) }
        return true
    }
}
