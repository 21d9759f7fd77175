// SPDX-License-Identifier: Apache-2.0

import LinuxSystem

/// Socket filters of the private namespaces.
public enum PacketFilters {
    /// The TTL or hop limit of a SYN that has been judged and is let through to its listener. A worker that forges it only
    /// loses the hold: its connection finds no judgement, or is judged when it is accepted.
    public static let releasedTTL: UInt8 = 201

    /// What a filter may look at.
    enum Family {
        case ipv4, ipv6

        /// Where the TTL or hop limit stands in the network header.
        var ttlOffset: UInt32 { self == .ipv4 ? 8 : 7 }
    }

    private static let everything: UInt32 = 0x40000
    /// SYN, and neither FIN, RST nor ACK.
    private static let flags: UInt32 = 0x17
    private static let syn: UInt32 = 0x02

    /// On a listener: drops a SYN that is not released yet. Offsets count from the TCP header.
    static func hold(_ family: Family) -> [BPFProgram.Instruction] {
        var program = BPFProgram()
        let accept = program.label()
        program.loadByte(13)
        program.and(flags)
        program.jump(ifEqual: syn, nil, else: accept)
        program.loadByte(BPFProgram.networkHeader &+ family.ttlOffset)
        program.jump(ifEqual: UInt32(releasedTTL), accept)
        program.accept(0)
        program.place(accept)
        program.accept(everything)
        return program.assembled()
    }

    /// On a raw TCP or UDP socket (raw(7)), which gets a copy of every packet: takes SYNs that are not released yet, and
    /// datagrams, but not those of the resolver's port 53; with `ports`, just those to these ports.
    ///
    /// IPv4 raw sockets see the IP header, IPv6 ones start at the transport header. Fragments are reassembled before.
    ///
    /// - Parameter interface: the one by which the worker's packets come. An answer to a source that the worker made up is
    ///   delivered to R itself, by R's loopback, and must not be taken for another packet of the worker's.
    static func capture(_ family: Family, isTCP: Bool, from interface: Int32, only ports: [UInt16] = [])
        -> [BPFProgram.Instruction]
    {
        var program = BPFProgram()
        let drop = program.label(), accept = program.label()
        program.loadWord(BPFProgram.interfaceIndex)
        program.jump(ifEqual: UInt32(interface), nil, else: drop)
        func load(_ program: inout BPFProgram, byte offset: UInt32) {
            if family == .ipv4 { program.loadByteIndexed(offset) } else { program.loadByte(offset) }
        }
        if family == .ipv4 { program.loadHeaderLength(0) }
        if isTCP {
            load(&program, byte: 13)
            program.and(flags)
            program.jump(ifEqual: syn, nil, else: drop)
            program.loadByte(BPFProgram.networkHeader &+ family.ttlOffset)
            program.jump(ifEqual: UInt32(releasedTTL), drop)
        }
        if family == .ipv4 { program.loadHalfIndexed(2) } else { program.loadHalf(2) }
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
