// SPDX-License-Identifier: Apache-2.0

import EgressDNS
import LinuxSystem

/// A TCP connection of the worker's to the resolver: messages, each after two octets of length (RFC 1035, section 4.2.2).
final class DNSStream: EventHandler {
    /// What a client may have sent without a whole message in it.
    static let maximumUnread = 65538

    let socket: FileDescriptorBox
    let client: Resolver.ClientID
    /// Whose it is, if that is known.
    let program: Int32?
    /// Monotonic nanoseconds.
    var lastUse = monotonicNow()
    var onReady: ((DNSStream) -> Void)?
    /// Messages that have no answer yet.
    var waiting = 0
    /// The client sends nothing more.
    private(set) var isEnded = false
    private var unread: [UInt8] = []
    /// Where in `unread` the next message begins: many small ones must not be moved down one by one.
    private var start = 0

    init(_ socket: FileDescriptorBox, client: Resolver.ClientID, program: Int32? = nil) {
        self.program = program
        self.socket = socket
        self.client = client
    }

    func handle(_ events: Events, on descriptor: Int32) {
        onReady?(self)
    }

    /// Reads what waits; false when nothing more comes.
    func read(_ buffer: inout [UInt8]) -> Bool {
        lastUse = monotonicNow()
        switch unsafe buffer.withUnsafeMutableBytes({ unsafe Socket.receive(socket.raw, $0) }) {
        case .bytes(let count):
            unread.removeFirst(start)
            start = 0
            unread += buffer[..<count]
            return unread.count <= Self.maximumUnread
        case .wouldBlock: return true
        case .end:
            isEnded = true
            return false
        case .failed: return false
        }
    }

    /// The next whole message.
    func takeMessage() -> [UInt8]? {
        guard unread.count - start >= 2 else { return nil }
        let body = start + 2
        let end = body + Int(unread[start]) << 8 + Int(unread[start + 1])
        guard unread.count >= end else { return nil }
        start = end
        return Array(unread[body..<end])
    }

    /// Sends a message; false if the client doesn't read, and then it has no claim to more.
    func send(_ message: [UInt8]) -> Bool {
        let bytes = [UInt8(truncatingIfNeeded: message.count >> 8), UInt8(truncatingIfNeeded: message.count)] + message
        return unsafe bytes.withUnsafeBytes { unsafe Socket.send(socket.raw, $0) } == .bytes(bytes.count)
    }
}

/// One question to one upstream server.
final class UpstreamExchange: EventHandler {
    let id: Resolver.ExchangeID
    let socket: FileDescriptorBox
    let isStream: Bool
    private(set) var unsent: [UInt8]
    var onReady: ((UpstreamExchange, Events) -> Void)?

    init(id: Resolver.ExchangeID, socket: FileDescriptorBox, unsent: [UInt8], isStream: Bool) {
        self.id = id
        self.socket = socket
        self.unsent = unsent
        self.isStream = isStream
    }

    func handle(_ events: Events, on descriptor: Int32) {
        onReady?(self, events)
    }

    /// Sends what is left; the errno if that failed.
    func sendRest() -> Int32? {
        switch unsafe unsent.withUnsafeBytes({ unsafe Socket.send(socket.raw, $0) }) {
        case .bytes(let count): unsent.removeFirst(count)
        case .failed(let code): return code
        case .wouldBlock, .end: break
        }
        return nil
    }
}
