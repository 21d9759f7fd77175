// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import Testing

@testable import EgressSandbox

/// The socket filters run over packets, each from where its socket's data starts.
struct PacketFilterTests {
    private static let families: [PacketFilters.Family] = [.ipv4, .ipv6]

    /// An IP packet with a transport header, its options (IPv4 only) and its TTL or hop limit.
    private func packet(
        _ family: PacketFilters.Family,
        _ transport: [UInt8],
        protocolNumber: UInt8,
        ttl: UInt8 = 64,
        options: Int = 0
    ) -> (bytes: [UInt8], transport: Int) {
        if family == .ipv6 {
            let head: [UInt8] = [0x60, 0, 0, 0, 0, UInt8(transport.count), protocolNumber, ttl]
            return (head + [UInt8](repeating: 0x11, count: 32) + transport, 40)
        }
        let length = 20 + options
        let head: [UInt8] = [
            0x40 | UInt8(length / 4), 0, 0, UInt8(length + transport.count), 0, 0, 0x40, 0, ttl, protocolNumber, 0, 0,
        ]
        let rest = [UInt8](repeating: 0x11, count: 8) + [UInt8](repeating: 1, count: options)
        return (head + rest + transport, length)
    }

    private func tcp(_ flags: UInt8, to port: UInt16 = 443) -> [UInt8] {
        [0xc3, 0x50, UInt8(port >> 8), UInt8(port & 255), 1, 2, 3, 4, 0, 0, 0, 0, 0x50, flags, 0, 0, 0, 0, 0, 0]
    }

    private func udp(to port: UInt16) -> [UInt8] { [0xc3, 0x50, UInt8(port >> 8), UInt8(port & 255), 0, 8, 0, 0] }

    private func passes(
        _ program: [BPFProgram.Instruction],
        _ bytes: [UInt8],
        data: Int,
        interface: UInt32 = 2
    ) throws -> Bool {
        try ClassicBPF(program).run(.packet(bytes, data: data, interface: interface)) != 0
    }

    // MARK: Hold

    /// A TCP listener's filter sees data from the TCP header on.
    private func isHeld(_ family: PacketFilters.Family, _ flags: UInt8, ttl: UInt8, options: Int = 0) throws -> Bool {
        let (bytes, transport) = packet(family, tcp(flags), protocolNumber: 6, ttl: ttl, options: options)
        return try !passes(PacketFilters.hold(family), bytes, data: transport)
    }

    @Test(arguments: families) func `a listener takes a SYN only with the TTL of a released one`(
        _ family: PacketFilters.Family
    ) throws {
        for ttl in 0...255 as ClosedRange<UInt8> {
            #expect(try isHeld(family, 0x02, ttl: ttl) == (ttl != PacketFilters.releasedTTL), "TTL \(ttl)")
        }
        for options in stride(from: 0, through: 40, by: 4) where family == .ipv4 {
            #expect(try isHeld(family, 0x02, ttl: 64, options: options))
            #expect(try !isHeld(family, 0x02, ttl: PacketFilters.releasedTTL, options: options))
        }
    }

    @Test(arguments: families) func `of all flags a listener holds what opens a connection`(
        _ family: PacketFilters.Family
    ) throws {
        for flags in 0...255 as ClosedRange<UInt8> {
            // SYN without FIN, RST or ACK; the listener itself drops SYN with FIN or RST (RFC 9293, section 3.10.7.2).
            let opens = flags & 0x02 != 0 && flags & 0x15 == 0
            #expect(try isHeld(family, flags, ttl: 64) == opens, "flags \(flags)")
        }
    }

    @Test(arguments: families) func `a segment that is cut is dropped`(_ family: PacketFilters.Family) throws {
        let (bytes, transport) = packet(family, tcp(0x10), protocolNumber: 6)
        for count in transport..<transport + 14 {
            #expect(try !passes(PacketFilters.hold(family), Array(bytes[..<count]), data: transport))
        }
    }

    // MARK: Capture

    /// raw(7): an IPv4 raw socket's data starts at the IP header, an IPv6 one's at the transport.
    private func isCaught(
        _ family: PacketFilters.Family,
        _ transport: [UInt8],
        isTCP: Bool,
        ttl: UInt8 = 64,
        options: Int = 0,
        interface: UInt32 = 2,
        only ports: [UInt16] = []
    ) throws -> Bool {
        let (bytes, start) = packet(family, transport, protocolNumber: isTCP ? 6 : 17, ttl: ttl, options: options)
        let program = PacketFilters.capture(family, isTCP: isTCP, from: 2, only: ports)
        return try passes(program, bytes, data: family == .ipv4 ? 0 : start, interface: interface)
    }

    @Test(arguments: families) func `only what comes by the worker's interface is caught`(
        _ family: PacketFilters.Family
    ) throws {
        for interface in [0, 1, 2, 3, 258] as [UInt32] {
            #expect(try isCaught(family, udp(to: 7), isTCP: false, interface: interface) == (interface == 2))
            #expect(try isCaught(family, tcp(0x02), isTCP: true, interface: interface) == (interface == 2))
        }
    }

    @Test(arguments: families) func `what is held is caught, and what is caught is held`(_ family: PacketFilters.Family)
        throws
    {
        for flags in 0...255 as ClosedRange<UInt8> {
            for ttl in [0, 1, 64, 128, 200, 201, 202, 255] as [UInt8] {
                let isHeld = try isHeld(family, flags, ttl: ttl)
                #expect(try isCaught(family, tcp(flags), isTCP: true, ttl: ttl) == isHeld, "flags \(flags), TTL \(ttl)")
            }
        }
    }

    @Test(arguments: families) func `the resolver's port is its own`(_ family: PacketFilters.Family) throws {
        for port in [0, 1, 52, 53, 54, 443, 5353, 13568, 65535] as [UInt16] {
            #expect(try isCaught(family, udp(to: port), isTCP: false) == (port != 53), "port \(port)")
            #expect(try isCaught(family, tcp(0x02, to: port), isTCP: true) == (port != 53), "port \(port)")
        }
    }

    @Test(arguments: families, [1, 2, 48]) func `with ports, packets to them are caught and no others`(
        _ family: PacketFilters.Family,
        _ count: Int
    ) throws {
        let ports = (0..<count).map { UInt16(5000 + 7 * $0) }
        for port in [0, 53, 4999, 5001, 5006] + ports {
            for ttl in [64, PacketFilters.releasedTTL] {
                let isOne = ports.contains(port)
                #expect(try isCaught(family, udp(to: port), isTCP: false, ttl: ttl, only: ports) == isOne)
                let isUnreleased = ttl != PacketFilters.releasedTTL
                #expect(
                    try isCaught(family, tcp(0x02, to: port), isTCP: true, ttl: ttl, only: ports)
                        == (isOne && isUnreleased)
                )
            }
        }
        // 53 may be a port of the host's loopback too.
        #expect(try isCaught(family, udp(to: 53), isTCP: false, only: [53]))
    }

    /// What R answers to a source that the worker made up is R's own as well, and comes by R's loopback.
    @Test(arguments: families) func `only what comes by the link is caught`(_ family: PacketFilters.Family) throws {
        for interface in [0, 1, 2, 3, .max] as [UInt32] {
            let isLink = interface == 2
            #expect(try isCaught(family, udp(to: 123), isTCP: false, interface: interface) == isLink)
            #expect(try isCaught(family, tcp(0x02), isTCP: true, interface: interface) == isLink)
            #expect(try isCaught(family, udp(to: 123), isTCP: false, interface: interface, only: [123]) == isLink)
        }
    }

    @Test func `IPv4 options move the transport header`() throws {
        for options in stride(from: 0, through: 40, by: 4) {
            #expect(try isCaught(.ipv4, udp(to: 123), isTCP: false, options: options))
            #expect(try !isCaught(.ipv4, udp(to: 53), isTCP: false, options: options))
            #expect(try isCaught(.ipv4, tcp(0x02), isTCP: true, options: options))
            #expect(try !isCaught(.ipv4, tcp(0x10), isTCP: true, options: options))
        }
    }

    @Test(arguments: families, [true, false]) func `what is cut before its port is not caught`(
        _ family: PacketFilters.Family,
        _ isTCP: Bool
    ) throws {
        let transport = isTCP ? tcp(0x02) : udp(to: 123)
        for count in 0..<(isTCP ? 14 : 4) {
            #expect(try !isCaught(family, Array(transport[..<count]), isTCP: isTCP))
        }
    }

    @Test func `a port that is only kept takes nothing`() throws {
        #expect(try !passes(PacketFilters.nothing, packet(.ipv4, udp(to: 1), protocolNumber: 17).bytes, data: 20))
    }

    // MARK: Assembly

    @Test func `jumps go to their labels`() throws {
        var program = BPFProgram()
        let one = program.label(), two = program.label()
        program.loadByte(0)
        program.jump(ifEqual: 1, one)
        program.jump(ifAnyOf: 0x80, two, else: one)
        program.accept(99)
        program.place(two)
        program.accept(2)
        program.place(one)
        program.accept(1)
        let expected: [[UInt32]] = [
            [0x30, 0, 0, 0], [0x15, 3, 0, 1], [0x45, 1, 2, 0x80], [0x06, 0, 0, 99], [0x06, 0, 0, 2], [0x06, 0, 0, 1],
        ]
        let assembled = program.assembled().map {
            [UInt32($0.code), UInt32($0.ifTrue), UInt32($0.ifFalse), $0.operand]
        }
        #expect(assembled == expected)
    }

    @Test func `a jump to nowhere is our own mistake and traps`() async {
        await #expect(processExitsWith: .failure) {
            var program = BPFProgram()
            let label = program.label()
            program.jump(ifEqual: 1, label)
            _ = program.assembled()
        }
    }
}
