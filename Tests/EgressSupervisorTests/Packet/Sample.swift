// SPDX-License-Identifier: Apache-2.0

import LinuxSystem

@testable import EgressSupervisor

/// Packets made by hand, their checksums computed apart from the code under test.
///
/// The SYNs carry the options that Linux sends: MSS 1460, SACK permitted, time stamps, window scale 7.
enum Sample {
    static let synOptions = "02 04 05 b4 04 02 08 0a 00 00 00 01 00 00 00 00 01 03 03 07"
    /// 192.0.0.2:50000 to 93.184.216.34:443, sequence number 0xdeadbeef
    static let syn4 = octets(
        "45 00 00 3c 1c 46 40 00 40 06 28 99 c0 00 00 02 5d b8 d8 22",
        "c3 50 01 bb de ad be ef 00 00 00 00 a0 02 fa f0 f4 87 00 00",
        synOptions
    )
    /// The same with a router alert (RFC 2113) and padding in the IP header
    static let syn4WithOptions = octets(
        "47 00 00 44 1c 46 40 00 40 06 90 8b c0 00 00 02 5d b8 d8 22 94 04 00 00 01 01 01 00",
        "c3 50 01 bb de ad be ef 00 00 00 00 a0 02 fa f0 f4 87 00 00",
        synOptions
    )
    /// [2001:db8:6567:7265::2]:50000 to [2606:2800:220:1:248:1893:25c8:1946]:443
    static let syn6 = octets(
        "60 00 00 00 00 28 06 40 20 01 0d b8 65 67 72 65 00 00 00 00 00 00 00 02",
        "26 06 28 00 02 20 00 01 02 48 18 93 25 c8 19 46",
        "c3 50 01 bb de ad be ef 00 00 00 00 a0 02 fa f0 3a cd 00 00",
        synOptions
    )
    /// "hello" from 192.0.0.2:50001 to 93.184.216.34:123
    static let udp4 = octets(
        "45 00 00 21 00 00 40 00 40 11 44 ef c0 00 00 02 5d b8 d8 22",
        "c3 51 00 7b 00 0d 02 58 68 65 6c 6c 6f"
    )
    /// The same with IPv6; its checksum is left to a device, as the worker's kernel does it.
    static let udp6 = octets(
        "60 00 00 00 00 0d 11 40 20 01 0d b8 65 67 72 65 00 00 00 00 00 00 00 02",
        "26 06 28 00 02 20 00 01 02 48 18 93 25 c8 19 46",
        "c3 51 00 7b 00 0d 00 00 68 65 6c 6c 6f"
    )
    static let all = [syn4, syn4WithOptions, syn6, udp4, udp6]

    static let worker4 = SocketAddress.v4(0xc000_0002, port: 50000)
    static let remote4 = SocketAddress.v4(0x5db8_d822, port: 443)
    static let worker6 = SocketAddress.v6(high: 0x2001_0db8_6567_7265, low: 2, port: 50000)
    static let remote6 = SocketAddress.v6(high: 0x2606_2800_0220_0001, low: 0x0248_1893_25c8_1946, port: 443)
    static let key4 = FlowKey(worker: worker4, remote: remote4)
    static let key6 = FlowKey(worker: worker6, remote: remote6)

    /// Octets written in hexadecimal with blanks between them.
    static func octets(_ lines: String...) -> [UInt8] {
        lines.flatMap { $0.split(separator: " ").compactMap { UInt8($0, radix: 16) } }
    }

    /// A copy with octets put in at an offset.
    static func with(_ packet: [UInt8], _ offset: Int, _ octets: UInt8...) -> [UInt8] {
        var packet = packet
        packet.replaceSubrange(offset..<offset + octets.count, with: octets)
        return packet
    }
}

/// The Internet checksum once more, by the letter of RFC 1071: add words, carry around the end at once.
func wordSum(_ octets: [UInt8]) -> UInt32 {
    var sum: UInt32 = 0
    for start in stride(from: 0, to: octets.count, by: 2) {
        sum += UInt32(octets[start]) * 256 + (start + 1 < octets.count ? UInt32(octets[start + 1]) : 0)
        if sum > 0xffff { sum -= 0xffff }
    }
    return sum
}

/// True when every checksum of a packet is right: what is summed together with its checksum gives all ones.
func checksumsAreRight(_ packet: [UInt8]) -> Bool {
    let isIPv4 = packet[0] >> 4 == 4
    let headerLength = isIPv4 ? Int(packet[0] & 15) * 4 : 40
    let protocolNumber = isIPv4 ? packet[9] : packet[6]
    let payload = Array(packet[headerLength...])
    if isIPv4, wordSum(Array(packet[..<headerLength])) != 0xffff { return false }
    if protocolNumber == 1 { return wordSum(payload) == 0xffff }
    let addresses = Array(packet[isIPv4 ? 12..<20 : 8..<40])
    let length = [UInt8(payload.count >> 16), UInt8(payload.count >> 8 & 255), UInt8(payload.count & 255)]
    return wordSum(addresses + [0, protocolNumber, 0] + length + payload) == 0xffff
}
