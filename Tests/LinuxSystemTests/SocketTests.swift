// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import TestSupport
import Testing

/// Calls on sockets, over loopback.
struct SocketTests {
    private func bound(_ type: Int32, _ address: SocketAddress = .v4(0x7f00_0001, port: 0)) throws -> FileDescriptor {
        let socket = try Socket.make(address.family, type)
        let tail: [UInt8] =
            address.family == AF_INET ? address.networkBytes : [0, 0, 0, 0] + address.networkBytes + [0, 0, 0, 0]
        var bytes = [UInt8](repeating: 0, count: 28)
        bytes.replaceSubrange(0..<2, with: [UInt8(address.family), 0])
        bytes.replaceSubrange(4..<4 + tail.count, with: tail)
        let result = unsafe bytes.withUnsafeBytes { raw in
            unsafe raw.withMemoryRebound(to: sockaddr.self) { unsafe bind(socket.raw, $0.baseAddress, 28) }
        }
        try #require(result == 0)
        return socket
    }

    private func receive(_ socket: borrowing FileDescriptor, _ count: Int = 100) -> (Transfer, [UInt8]) {
        var buffer = [UInt8](repeating: 0, count: count)
        let raw = socket.raw
        let transfer = unsafe buffer.withUnsafeMutableBytes { unsafe Socket.receive(raw, $0) }
        guard case .bytes(let count) = transfer else { return (transfer, []) }
        return (transfer, Array(buffer[..<count]))
    }

    private func send(_ bytes: [UInt8], on socket: borrowing FileDescriptor) -> Transfer {
        let raw = socket.raw
        return unsafe bytes.withUnsafeBytes { unsafe Socket.send(raw, $0) }
    }

    private func wait(_ socket: borrowing FileDescriptor, _ events: Int16) {
        var entry = pollfd(fd: socket.raw, events: events, revents: 0)
        _ = unsafe poll(&entry, 1, 5000)
    }

    @Test func `sockets do not block and are not inherited`() throws {
        let socket = try Socket.make(AF_INET, Socket.stream)
        #expect(fcntl(socket.raw, F_GETFD) == FD_CLOEXEC)
        #expect(fcntl(socket.raw, F_GETFL) & O_NONBLOCK != 0)
    }

    @Test(arguments: [SocketAddress.v4(0x7f00_0001, port: 0), .v6(high: 0, low: 1, port: 0)])
    func `a connection is made, moves bytes, and ends`(_ address: SocketAddress) throws {
        let listener = try bound(Socket.stream, address)
        #expect(!Socket.isListening(listener.raw))
        try #require(listen(listener.raw, 8) == 0)
        #expect(Socket.isListening(listener.raw))
        #expect(try Socket.accept(listener.raw) == nil)

        let local = try #require(Socket.localAddress(listener.raw))
        #expect(local.networkBytes == address.networkBytes)
        let client = try Socket.make(address.family, Socket.stream)
        let result = Socket.connect(client.raw, to: local)
        #expect(result == 0 || result == EINPROGRESS)
        wait(client, Int16(POLLOUT))
        #expect(Socket.isConnected(client.raw))
        #expect(Socket.takeError(client.raw) == 0)

        wait(listener, Int16(POLLIN))
        let (number, peer) = try #require(try Socket.accept(listener.raw))
        let server = FileDescriptor(owning: number)
        #expect(peer == Socket.localAddress(client.raw))
        #expect(fcntl(number, F_GETFL) & O_NONBLOCK != 0)
        #expect(fcntl(number, F_GETFD) == FD_CLOEXEC)

        #expect(receive(server).0 == .wouldBlock)
        #expect(send([1, 2, 3], on: client) == .bytes(3))
        wait(server, Int16(POLLIN))
        #expect(receive(server).1 == [1, 2, 3])
        Socket.shutdownWriting(client.raw)
        wait(server, Int16(POLLIN))
        #expect(receive(server).0 == .end)
        #expect(send([4], on: server) == .bytes(1))
        Socket.resetOnClose(server.raw)
        _ = consume server
        wait(client, 0)  // for an error
        var transfer = receive(client).0
        if transfer == .bytes(1) { transfer = receive(client).0 }
        #expect(transfer == .failed(ECONNRESET))
        // A signal would have ended the process.
        #expect(send([5], on: client) == .failed(EPIPE))
    }

    @Test func `a closed port refuses, and its error is taken once`() throws {
        let closed = try bound(Socket.stream)
        let client = try Socket.make(AF_INET, Socket.stream)
        let result = Socket.connect(client.raw, to: try #require(Socket.localAddress(closed.raw)))
        if result == EINPROGRESS {
            wait(client, Int16(POLLOUT))
            #expect(Socket.takeError(client.raw) == ECONNREFUSED)
            #expect(Socket.takeError(client.raw) == 0)
        } else {
            #expect(result == ECONNREFUSED)
        }
    }

    @Test func `accepting on what does not listen is an error`() throws {
        let socket = try bound(Socket.stream)
        #expect(throws: SystemError("accepting a connection", code: EINVAL)) { _ = try Socket.accept(socket.raw) }
        #expect(throws: SystemError("accepting a connection", code: EBADF)) { _ = try Socket.accept(-1) }
        #expect(Socket.localAddress(-1) == nil)
        #expect(!Socket.isListening(-1))
    }

    @Test(arguments: [SocketAddress.v4(0x7f00_0001, port: 0), .v6(high: 0, low: 1, port: 0)])
    func `a datagram comes with its destination, and the answer from there`(_ address: SocketAddress) throws {
        let wildcard: SocketAddress = address.family == AF_INET ? .v4(0, port: 0) : .v6(high: 0, low: 0, port: 0)
        let server = try bound(Socket.datagram, wildcard)
        if address.family == AF_INET {
            Socket.set(server.raw, Int32(IPPROTO_IP), IP_PKTINFO, 1)
        } else {
            Socket.set(server.raw, Int32(IPPROTO_IPV6), IPV6_RECVPKTINFO, 1)
        }
        let port = try #require(Socket.localAddress(server.raw)).port
        // 127.0.0.2 is as much this machine as 127.0.0.1, and not what the kernel would answer from.
        let asked: SocketAddress =
            address.family == AF_INET ? .v4(0x7f00_0002, port: port) : .v6(high: 0, low: 1, port: port)
        let client = try bound(Socket.datagram, address)
        #expect(Socket.send(client.raw, [1, 2], to: asked) == 0)
        wait(server, Int16(POLLIN))
        var buffer = [UInt8](repeating: 0, count: 100)
        let datagram = try #require(Socket.receiveWithDestination(server.raw, into: &buffer))
        #expect(datagram.bytes == [1, 2])
        #expect(datagram.sender == Socket.localAddress(client.raw))
        #expect(datagram.destination == asked.networkBytes)
        #expect(Socket.receiveWithDestination(server.raw, into: &buffer) == nil)

        // A connected socket takes nothing but what comes from its peer.
        #expect(Socket.connect(client.raw, to: asked) == 0)
        #expect(Socket.send(server.raw, [3], to: datagram.sender, from: datagram.destination))
        wait(client, Int16(POLLIN))
        #expect(receive(client).1 == [3])
    }

    @Test func `a datagram without a known destination is none`() throws {
        let server = try bound(Socket.datagram), client = try bound(Socket.datagram)
        #expect(Socket.send(client.raw, [1], to: try #require(Socket.localAddress(server.raw))) == 0)
        wait(server, Int16(POLLIN))
        var buffer = [UInt8](repeating: 0, count: 100)
        #expect(Socket.receiveWithDestination(server.raw, into: &buffer) == nil)
    }

    // MARK: Reports

    @Test(arguments: [0, 1, 2, 40]) func `descriptors come with their message, close-on-exec`(_ count: Int) throws {
        let (one, other) = try FileDescriptor.socketPair(type: Socket.sequencedPacket)
        let ours = FileDescriptor(owning: one), theirs = FileDescriptor(owning: other)
        let null = try FileDescriptor.open("/dev/null", O_RDONLY)
        try #require(sendMessage([7, 8], descriptors: [Int32](repeating: null.raw, count: count), on: theirs.raw))
        let message = try #require(try Socket.receiveControl(ours.raw, capacity: 128))
        #expect(message.bytes == [7, 8])
        #expect(message.descriptors.count == count)
        for descriptor in message.descriptors {
            #expect(fcntl(descriptor, F_GETFD) == FD_CLOEXEC)
            close(descriptor)
        }
        _ = consume theirs
        #expect(try Socket.receiveControl(ours.raw, capacity: 128) == nil)
    }

    @Test func `more descriptors than are asked for are closed, not leaked`() async {
        await #expect(processExitsWith: .success) {
            let (one, other) = try FileDescriptor.socketPair(type: Socket.sequencedPacket)
            let before = OpenDescriptors.settled()
            precondition(sendMessage([1], descriptors: [Int32](repeating: 0, count: 100), on: other))
            let message = try Socket.receiveControl(one, capacity: 128)
            let received = message?.descriptors.count ?? 0
            precondition(received == 64 && OpenDescriptors.become(before + received), "\(received) of 100")
        }
    }
}
