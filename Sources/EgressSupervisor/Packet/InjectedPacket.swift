// SPDX-License-Identifier: Apache-2.0

import LinuxSystem

/// Packets that are put into a private namespace through a raw socket (raw(7), IP_HDRINCL).
enum InjectedPacket {
    /// The captured SYN once more, with the TTL that its listener lets through.
    static func released(_ packet: CapturedPacket, ttl: UInt8) -> [UInt8] {
        var bytes = packet.bytes
        let isIPv4 = bytes[0] >> 4 == 4
        bytes[isIPv4 ? 8 : 7] = ttl
        if isIPv4 { set(&bytes, 10, ipv4HeaderChecksum(bytes[..<packet.transport])) }
        // The worker's kernel left the checksum to a device that never was (CHECKSUM_PARTIAL).
        set(&bytes, packet.transport + 16, 0)
        set(&bytes, packet.transport + 16, transportChecksum(bytes, transport: packet.transport, protocolNumber: 6))
        return bytes
    }

    /// The reset that answers a SYN to a closed port (RFC 9293, section 3.10.7.1): the worker sees ECONNREFUSED.
    static func reset(_ key: FlowKey, sequence: UInt32) -> [UInt8] {
        let acknowledged = sequence &+ 1
        var segment = bytes(key.remote.port) + bytes(key.worker.port) + [0, 0, 0, 0]
        segment +=
            bytes(UInt16(truncatingIfNeeded: acknowledged >> 16)) + bytes(UInt16(truncatingIfNeeded: acknowledged))
        segment += [0x50, 0x14, 0, 0, 0, 0, 0, 0]  // 20 bytes; RST and ACK
        return packet(from: key.remote, to: key.worker, protocolNumber: 6, segment, checksumAt: 16)
    }

    /// A datagram to the worker; nil when it is too long for one packet.
    static func datagram(_ key: FlowKey, payload: ArraySlice<UInt8>) -> [UInt8]? {
        let length = 8 + payload.count
        // The link takes 65535 bytes (PrivateNetwork.link), with the IP header.
        let room = 65535 - (key.worker.family == SocketAddress.ipv4Family ? 20 : 40)
        guard length <= room else { return nil }
        let header = bytes(key.remote.port) + bytes(key.worker.port) + bytes(UInt16(length)) + [0, 0]
        return packet(from: key.remote, to: key.worker, protocolNumber: 17, header + payload, checksumAt: 6)
    }

    /// Why a target can't be reached, in the words of ICMP; the errno is what the worker's kernel makes of it.
    enum Unreachable {
        /// ENETUNREACH
        case network
        /// EHOSTUNREACH
        case host
        /// ECONNREFUSED
        case port
        /// EHOSTUNREACH over IPv4, EACCES over IPv6
        case prohibited

        var ipv4Code: UInt8 {
            switch self {
            case .network: 0
            case .host: 1
            case .port: 3
            case .prohibited: 13
            }
        }

        var ipv6Code: UInt8 {
            switch self {
            case .network: 0
            case .prohibited: 1
            case .host: 3
            case .port: 4
            }
        }
    }

    /// Destination unreachable (RFC 792, RFC 4443), as if `original`'s target had sent it. It quotes the packet's start.
    static func unreachable(_ reason: Unreachable, _ key: FlowKey, original: ArraySlice<UInt8>) -> [UInt8] {
        let quoted = original.prefix(256)
        if key.worker.family == SocketAddress.ipv4Family {
            var message = [3, reason.ipv4Code, 0, 0, 0, 0, 0, 0] + quoted
            var checksum = Checksum()
            checksum.add(message)
            set(&message, 2, checksum.value)
            return packet(from: key.remote, to: key.worker, protocolNumber: 1, message, checksumAt: nil)
        }
        let message = [1, reason.ipv6Code, 0, 0, 0, 0, 0, 0] + quoted
        return packet(from: key.remote, to: key.worker, protocolNumber: 58, message, checksumAt: 2)
    }

    // MARK: Parts

    private static func packet(
        from source: SocketAddress,
        to destination: SocketAddress,
        protocolNumber: UInt8,
        _ payload: [UInt8],
        checksumAt: Int?
    ) -> [UInt8] {
        let addresses = source.networkBytes + destination.networkBytes
        var result: [UInt8]
        if source.family == SocketAddress.ipv4Family {
            result =
                [0x45, 0] + bytes(UInt16(truncatingIfNeeded: 20 + payload.count)) + [
                    0, 0, 0x40, 0, 64, protocolNumber, 0, 0,
                ]
            result += addresses
            set(&result, 10, ipv4HeaderChecksum(result[...]))
        } else {
            result =
                [0x60, 0, 0, 0] + bytes(UInt16(truncatingIfNeeded: payload.count)) + [protocolNumber, 64] + addresses
        }
        let transport = result.count
        result += payload
        if let checksumAt {
            var checksum = transportChecksum(result, transport: transport, protocolNumber: protocolNumber)
            // RFC 768: a computed zero is sent as all ones.
            if checksum == 0, protocolNumber == 17 { checksum = 0xffff }
            set(&result, transport + checksumAt, checksum)
        }
        return result
    }

    private static func ipv4HeaderChecksum(_ header: ArraySlice<UInt8>) -> UInt16 {
        var header = Array(header)
        set(&header, 10, 0)
        var checksum = Checksum()
        checksum.add(header)
        return checksum.value
    }

    private static func transportChecksum(_ packet: [UInt8], transport: Int, protocolNumber: UInt8) -> UInt16 {
        let isIPv4 = packet[0] >> 4 == 4
        var checksum = Checksum()
        checksum.addPseudoHeader(
            source: packet[isIPv4 ? 12..<16 : 8..<24],
            destination: packet[isIPv4 ? 16..<20 : 24..<40],
            protocolNumber: protocolNumber,
            length: packet.count - transport
        )
        checksum.add(packet[transport...])
        return checksum.value
    }

    private static func bytes(_ value: UInt16) -> [UInt8] {
        [UInt8(value >> 8), UInt8(truncatingIfNeeded: value)]
    }

    private static func set(_ packet: inout [UInt8], _ offset: Int, _ value: UInt16) {
        packet[offset] = UInt8(value >> 8)
        packet[offset + 1] = UInt8(truncatingIfNeeded: value)
    }
}
