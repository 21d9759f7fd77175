// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import LinuxSystem

/// Which socket has a port, asked of this machine's own namespace.
@Suite(.serialized) struct DatagramSocketTableTests {
    private let table: DatagramSocketTable

    init() throws {
        table = DatagramSocketTable(netlink: try Socket.make(AF_NETLINK, Socket.raw, 4))
    }

    private func bind(_ descriptor: Int32, _ address: SocketAddress) throws {
        var (storage, length) = address.storage
        let result = unsafe withUnsafePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.bind(descriptor, $0, length)
            }
        }
        try #require(result == 0)
    }

    @Test func `the one socket at a port is told, connected or not`() throws {
        let socket = try Socket.make(AF_INET, Socket.datagram), number = socket.raw
        try bind(number, .v4(0x7f00_0001, port: 0))
        let local = try #require(Socket.localAddress(number)), cookie = try #require(Socket.cookie(number))
        #expect(table.cookie(ofSocketAt: local) == cookie)
        #expect(Socket.connect(number, to: .v4(0x7f00_0001, port: 9)) == 0)
        #expect(table.cookie(ofSocketAt: local) == cookie)
        #expect(table.cookie(ofSocketAt: .v4(0x7f00_0002, port: local.port)) == nil, "at another address there is none")
        _ = consume socket
    }

    @Test func `a socket at any address, and one of IPv6 that sends IPv4, is told`() throws {
        for family in [AF_INET, AF_INET6] {
            let socket = try Socket.make(family, Socket.datagram), number = socket.raw
            try bind(number, family == AF_INET ? .v4(0, port: 0) : .v6(high: 0, low: 0, port: 0))
            let port = try #require(Socket.localAddress(number)).port
            #expect(table.cookie(ofSocketAt: .v4(0x7f00_0001, port: port)) == Socket.cookie(number))
            _ = consume socket
        }
    }

    @Test func `a port that is used again has another cookie, and a free one has none`() throws {
        let first = try Socket.make(AF_INET, Socket.datagram)
        try bind(first.raw, .v4(0x7f00_0001, port: 0))
        let local = try #require(Socket.localAddress(first.raw)), cookie = Socket.cookie(first.raw)
        _ = consume first
        #expect(table.cookie(ofSocketAt: local) == nil)
        let second = try Socket.make(AF_INET, Socket.datagram), number = second.raw
        try bind(number, local)
        #expect(table.cookie(ofSocketAt: local) == Socket.cookie(number))
        #expect(Socket.cookie(number) != cookie)
        _ = consume second
    }

    @Test func `of several sockets at a port none is told`() throws {
        let one = try Socket.make(AF_INET, Socket.datagram), other = try Socket.make(AF_INET, Socket.datagram)
        let numbers = [one.raw, other.raw]
        for number in numbers { Socket.set(number, SOL_SOCKET, SO_REUSEPORT, 1) }
        try bind(numbers[0], .v4(0x7f00_0001, port: 0))
        let local = try #require(Socket.localAddress(numbers[0]))
        #expect(table.cookie(ofSocketAt: local) == Socket.cookie(numbers[0]), "the probe: one is told")
        try bind(numbers[1], local)
        #expect(table.cookie(ofSocketAt: local) == nil)
        _ = consume one
        _ = consume other
    }
}
