// SPDX-License-Identifier: Apache-2.0

import LinuxSystem

/// A packet that the worker sent: a TCP SYN or a UDP datagram.
///
/// The worker made these bytes. Reading checks every length; what is not as the filter promised is no packet.
struct CapturedPacket {
    /// What the packet carries.
    enum Content {
        /// A TCP SYN with its sequence number (RFC 9293, section 3.1).
        case syn(sequence: UInt32)
        /// A datagram, with the place of its payload in `bytes`.
        case datagram(payload: Range<Int>)
    }

    /// The IP packet, from its first byte.
    let bytes: [UInt8]
    /// Where it comes from and goes to.
    let key: FlowKey
    /// What it carries.
    let content: Content
    /// Where the transport header starts in `bytes`.
    let transport: Int

    /// Reads what an IPv6 raw socket gives, which has no IP header: a plain one is put before it.
    init?(transport: ArraySlice<UInt8>, protocolNumber: UInt8, source: [UInt8], destination: [UInt8]) {
        guard source.count == 16, destination.count == 16, transport.count <= 65535 else { return nil }
        let length = [UInt8(transport.count >> 8), UInt8(truncatingIfNeeded: transport.count)]
        self.init(packet: [0x60, 0, 0, 0] + length + [protocolNumber, 64] + source + destination + transport)
    }

    /// Reads an IP packet.
    init?(packet: [UInt8]) {
        guard let header = IPHeader(packet) else { return nil }
        bytes = Array(packet[..<header.totalLength])
        let transport = header.length
        let rest = header.totalLength - header.length
        func half(_ offset: Int) -> UInt16 {
            UInt16(packet[transport + offset]) << 8 | UInt16(packet[transport + offset + 1])
        }
        guard rest >= 8,
            let worker = SocketAddress(networkBytes: packet[header.source], port: half(0)),
            let remote = SocketAddress(networkBytes: packet[header.destination], port: half(2))
        else { return nil }
        key = FlowKey(worker: worker, remote: remote)
        self.transport = transport

        switch header.protocolNumber {
        case 6:
            let headerLength = rest >= 20 ? Int(packet[transport + 12] >> 4) * 4 : 0
            // SYN, and neither FIN, RST nor ACK.
            guard headerLength >= 20, headerLength <= rest, packet[transport + 13] & 0x17 == 0x02 else { return nil }
            content = .syn(sequence: UInt32(half(4)) << 16 | UInt32(half(6)))
        case 17:
            let length = Int(half(4))
            guard length >= 8, length <= rest else { return nil }
            content = .datagram(payload: transport + 8..<transport + length)
        default: return nil
        }
    }
}

/// What is needed of an IPv4 (RFC 791) or IPv6 (RFC 8200) header.
struct IPHeader {
    /// Its length with options; IPv6 extension headers are not read, and so not relayed.
    let length: Int
    /// The length of the packet.
    let totalLength: Int
    /// The protocol number, IPPROTO_TCP or so.
    let protocolNumber: UInt8
    /// Where the addresses stand.
    let source, destination: Range<Int>

    init?(_ packet: [UInt8]) {
        guard packet.count >= 20 else { return nil }
        func half(_ offset: Int) -> Int { Int(packet[offset]) << 8 | Int(packet[offset + 1]) }
        switch packet[0] >> 4 {
        case 4:
            length = Int(packet[0] & 0xf) * 4
            totalLength = half(2)
            protocolNumber = packet[9]
            (source, destination) = (12..<16, 16..<20)
            guard half(6) & 0x3fff == 0 else { return nil }  // a fragment
        case 6:
            guard packet.count >= 40 else { return nil }
            length = 40
            totalLength = 40 + half(4)
            protocolNumber = packet[6]
            (source, destination) = (8..<24, 24..<40)
        default: return nil
        }
        guard length >= 20, length <= totalLength, totalLength <= packet.count else { return nil }
    }
}
