// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import Testing

@testable import EgressSupervisor

/// One end of a connection, as the program that has it sees it. Non-blocking.
final class End {
    let descriptor: FileDescriptorBox

    var raw: Int32 { descriptor.raw }

    init(_ raw: Int32) {
        descriptor = FileDescriptorBox(FileDescriptor(owning: raw))
    }

    func send(_ bytes: ArraySlice<UInt8>) -> Transfer {
        unsafe bytes.withUnsafeBytes { unsafe Socket.send(raw, $0) }
    }

    func receive(_ count: Int = 65536) -> (Transfer, [UInt8]) {
        var buffer = [UInt8](repeating: 0, count: count)
        let result = unsafe buffer.withUnsafeMutableBytes { unsafe Socket.receive(raw, $0) }
        guard case .bytes(let count) = result else { return (result, []) }
        return (result, Array(buffer[..<count]))
    }

    /// All that waits.
    func receiveAll() -> [UInt8] {
        var all: [UInt8] = []
        while case (.bytes, let bytes) = receive() { all += bytes }
        return all
    }
}

/// Makes connected pairs on this machine.
enum Pair {
    /// TCP over 127.0.0.1, with small buffers if asked for.
    static func tcp(buffer: Int32? = nil) throws -> (End, End) {
        let listener = try Socket.make(AF_INET, Socket.stream)
        if let buffer { Socket.set(listener.raw, SOL_SOCKET, SO_RCVBUF, buffer) }
        try bindToLoopback(listener.raw)
        try #require(listen(listener.raw, 1) == 0)
        let client = End(try Socket.make(AF_INET, Socket.stream).release())
        if let buffer {
            Socket.set(client.raw, SOL_SOCKET, SO_RCVBUF, buffer)
            Socket.set(client.raw, SOL_SOCKET, SO_SNDBUF, buffer)
        }
        let result = Socket.connect(client.raw, to: try #require(Socket.localAddress(listener.raw)))
        try #require(result == 0 || result == EINPROGRESS)
        while true {
            guard let (number, _) = try Socket.accept(listener.raw) else { continue }
            if let buffer { Socket.set(number, SOL_SOCKET, SO_SNDBUF, buffer) }
            return (client, End(number))
        }
    }

    /// AF_UNIX sockets that keep the bounds of messages; sendto(2) ignores the address it is given on them, so that one
    /// stands in for a raw socket.
    static func messages() throws -> (End, End) {
        let (one, other) = try FileDescriptor.socketPair(type: Socket.sequencedPacket | Int32(SOCK_NONBLOCK.rawValue))
        return (End(one), End(other))
    }

    /// Binds to a free port of 127.0.0.1.
    static func bindToLoopback(_ descriptor: Int32) throws {
        var address = sockaddr_in()
        address.sin_family = UInt16(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, 16) }
        }
        try #require(result == 0)
    }
}
