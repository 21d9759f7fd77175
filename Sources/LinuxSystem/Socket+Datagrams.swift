// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// A datagram as it arrived on a wildcard socket.
public struct ReceivedDatagram: Sendable {
    /// The payload.
    public let bytes: [UInt8]
    /// Who sent it.
    public let sender: SocketAddress
    /// The address it was sent to (IP_PKTINFO), 4 or 16 bytes in network order.
    public let destination: [UInt8]
}

extension Socket {
    /// The next datagram with the address it was sent to; nil when none waits.
    public static func receiveWithDestination(_ descriptor: Int32, into buffer: inout [UInt8]) -> ReceivedDatagram? {
        var name = sockaddr_storage()
        var address = [UInt8](repeating: 0, count: 16)
        var length = 0
        let count = unsafe egress_receive_with_destination(
            descriptor,
            &buffer,
            buffer.count,
            &name,
            &address,
            &length
        )
        guard count >= 0, length > 0, let sender = SocketAddress(name) else { return nil }
        return ReceivedDatagram(bytes: Array(buffer[..<count]), sender: sender, destination: Array(address[..<length]))
    }

    /// Sends a datagram from a chosen source address, so that the answer comes from where the question went.
    @discardableResult
    public static func send(_ descriptor: Int32, _ bytes: [UInt8], to: SocketAddress, from source: [UInt8]) -> Bool {
        var (storage, _) = to.storage
        return unsafe egress_send_from(descriptor, bytes, bytes.count, &storage, source, source.count) >= 0
    }
}
