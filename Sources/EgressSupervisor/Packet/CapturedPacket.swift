// SPDX-License-Identifier: Apache-2.0

import LinuxSystem

/// A packet as the capture filter lets it through: a TCP SYN or a UDP datagram, in an Ethernet frame behind a virtio
/// header (packet(7), PACKET_VNET_HDR).
///
/// The worker made these bytes. Reading checks every length; what is not as the filter promised is no packet.
struct CapturedPacket {
    /// What the packet carries.
    enum Content {
        /// A TCP SYN with its sequence number (RFC 9293, section 3.1).
        case syn(sequence: UInt32)
        /// Datagrams: the payload's place in `bytes`, and its size each when several were sent as one (UDP_SEGMENT), else 0.
        case datagrams(payload: Range<Int>, segment: Int)
    }

    /// The virtio header (struct virtio_net_hdr) and the Ethernet header in front of the packet.
    static let overhead = 10 + 14

    /// The IP packet, from its first byte.
    let bytes: [UInt8]
    /// Where it comes from and goes to.
    let key: FlowKey
    /// What it carries.
    let content: Content
    /// Where the transport header starts in `bytes`.
    let transport: Int

    /// Reads a frame.
    init?(frame: ArraySlice<UInt8>) {
        guard frame.count > Self.overhead + 20 else { return nil }
        let segment = Int(frame[frame.startIndex + 4]) | Int(frame[frame.startIndex + 5]) << 8  // gso_size
        self.init(packet: Array(frame.dropFirst(Self.overhead)), segment: segment)
    }

    /// Reads an IP packet.
    init?(packet: [UInt8], segment: Int) {
        guard let header = IPHeader(packet) else { return nil }
        // Ethernet pads short frames: the header's own length counts.
        bytes = Array(packet[..<header.totalLength])
        let transport = header.length
        let rest = header.totalLength - header.length
        func half(_ offset: Int) -> UInt16 { UInt16(packet[transport + offset]) << 8 | UInt16(packet[transport + offset + 1]) }
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
            // Of datagrams sent as one, only the first has its length in the header.
            let end = segment > 0 ? rest : length
            guard end >= 8, end <= rest else { return nil }
            content = .datagrams(payload: transport + 8..<transport + end, segment: segment)
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
            // 0 in an aggregate of more than 64 KiB.
            totalLength = half(2) == 0 ? packet.count : half(2)
            protocolNumber = packet[9]
            (source, destination) = (12..<16, 16..<20)
            guard half(6) & 0x3fff == 0 else { return nil }  // a fragment
        case 6:
            guard packet.count >= 40 else { return nil }
            length = 40
            totalLength = half(4) == 0 ? packet.count : 40 + half(4)
            protocolNumber = packet[6]
            (source, destination) = (8..<24, 24..<40)
        default: return nil
        }
        guard length >= 20, length <= totalLength, totalLength <= packet.count else { return nil }
    }
}
