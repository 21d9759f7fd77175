// SPDX-License-Identifier: Apache-2.0

import LinuxSystem

/// Socket filters of the relay namespace.
public enum PacketFilters {
    /// The TTL or hop limit of a SYN that has been judged and is let through to its listener. A worker that forges it only
    /// loses the hold: the accepted connection is judged all the same.
    public static let releasedTTL: UInt8 = 201

    private static let everything: UInt32 = 0x40000

    /// On a listener: drops a SYN (without ACK, RST, FIN) that is not released yet. Absolute loads start at the TCP header.
    static func hold(ttlOffset: UInt32) -> [BPFProgram.Instruction] {
        var program = BPFProgram()
        let accept = program.label()
        program.loadByte(13)
        program.and(0x17)
        program.jump(ifEqual: 0x02, nil, else: accept)
        program.loadByte(BPFProgram.networkHeader &+ ttlOffset)
        program.jump(ifEqual: UInt32(releasedTTL), accept)
        program.accept(0)
        program.place(accept)
        program.accept(everything)
        return program.assembled()
    }

    /// On a packet socket (SOCK_RAW, so the Ethernet header comes first): takes SYNs and UDP datagrams over IPv4 and IPv6,
    /// but not those of the resolver's port 53. Fragments and IPv6 extension headers are dropped, and so denied: the link's
    /// MTU makes the kernel send neither on its own.
    ///
    /// With `only`, on W's loopback, takes just what goes to those ports.
    static func capture(only ports: [UInt16] = []) -> [BPFProgram.Instruction] {
        var program = BPFProgram()
        let ipv4 = program.label(), ipv6 = program.label(), tcp4 = program.label(), udp4 = program.label()
        let tcp6 = program.label(), port = program.label(), drop = program.label(), accept = program.label()
        program.loadHalf(12)
        program.jump(ifEqual: 0x0800, ipv4)
        program.jump(ifEqual: 0x86dd, ipv6, else: drop)

        program.place(ipv4)
        program.loadHalf(20)
        program.jump(ifAnyOf: 0x3fff, drop)  // more fragments, or an offset
        program.loadHeaderLength(14)
        program.loadByte(23)
        program.jump(ifEqual: 6, tcp4)
        program.jump(ifEqual: 17, udp4, else: drop)
        program.place(tcp4)
        program.loadByteIndexed(14 + 13)
        program.and(0x17)
        program.jump(ifEqual: 0x02, udp4, else: drop)
        program.place(udp4)
        program.loadHalfIndexed(14 + 2)
        program.jump(ifAnyOf: 0xffff, port, else: drop)

        program.place(ipv6)
        program.loadByte(20)
        let udp6 = program.label()
        program.jump(ifEqual: 6, tcp6)
        program.jump(ifEqual: 17, udp6, else: drop)
        program.place(tcp6)
        program.loadByte(14 + 40 + 13)
        program.and(0x17)
        program.jump(ifEqual: 0x02, nil, else: drop)
        program.place(udp6)
        program.loadHalf(14 + 40 + 2)

        program.place(port)
        if ports.isEmpty {
            program.jump(ifEqual: 53, drop, else: accept)
        } else {
            for number in ports { program.jump(ifEqual: UInt32(number), accept) }
        }
        program.place(drop)
        program.accept(0)
        program.place(accept)
        program.accept(everything)
        return program.assembled()
    }

    /// On a socket that only keeps a port from answering "unreachable": drops everything.
    static let nothing: [BPFProgram.Instruction] = {
        var program = BPFProgram()
        program.accept(0)
        return program.assembled()
    }()
}
