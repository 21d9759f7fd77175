// SPDX-License-Identifier: Apache-2.0

import EgressDNS
import Glibc
import LinuxSystem
import TestSupport

@testable import EgressRequests

/// A name server on a port of 127.0.0.1 that answers datagrams as a test says, until it is let go.
final class LoopbackNameServer: Sendable {
    let address: ServerAddress
    private let cancellation = Cancellation()

    /// - Parameter answer: The records of an answer, or nil for no answer at all.
    init(_ answer: @escaping @Sendable (Question) throws -> [Record]?) throws {
        let socket = try Socket.make(AF_INET, Socket.datagram).release()
        Socket.set(socket, Int32(IPPROTO_IP), IP_PKTINFO, 1)
        var name = sockaddr_in()
        name.sin_family = UInt16(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let bound = unsafe withUnsafePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(socket, address, UInt32(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, let local = Socket.localAddress(socket), let server = ServerAddress("127.0.0.1:\(local.port)")
        else { throw SupportError("no port for a name server") }
        address = server
        let cancellation = cancellation
        // Not by a task: other tests may keep all threads that run tasks.
        guard BlockingThread.start({ Self.serve(socket, answer, until: cancellation) }) else {
            throw SupportError("no thread for a name server")
        }
    }

    /// Ends it. Call it last, in a `defer`: the server lives no longer than it is used.
    func stop() { cancellation.cancel() }

    deinit { stop() }

    private static func serve(
        _ socket: Int32,
        _ answer: (Question) throws -> [Record]?,
        until cancellation: Cancellation
    ) {
        let socket = FileDescriptor(owning: socket)
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !cancellation.isCancelled {
            var entry = pollfd(fd: socket.raw, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&entry, 1, 20) > 0 else { continue }
            guard let datagram = Socket.receiveWithDestination(socket.raw, into: &buffer) else { continue }
            guard var message = try? DNSMessage(decoding: datagram.bytes), let question = message.questions.first,
                let records = try? answer(question)
            else { continue }
            message.isResponse = true
            message.recursionAvailable = true
            message.answers = records
            _ = Socket.send(socket.raw, message.encode(), to: datagram.sender)
        }
    }
}
