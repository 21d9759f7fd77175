// SPDX-License-Identifier: Apache-2.0

import EgressDNS
import Glibc
import LinuxSystem
import Testing

@testable import EgressSupervisor

/// Messages over TCP, each after two octets of length (RFC 1035, section 4.2.2).
struct DNSStreamTests {
    private let client: End
    private let stream: DNSStream

    init() throws {
        let (client, server) = try Pair.tcp()
        self.client = client
        stream = DNSStream(server.descriptor, client: Resolver.ClientID(1))
    }

    private func framed(_ message: [UInt8]) -> [UInt8] {
        [UInt8(message.count >> 8), UInt8(message.count & 255)] + message
    }

    /// Sends and reads until nothing waits; false when the stream says that it is over.
    private func feed(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        var buffer = [UInt8](repeating: 0, count: 65536)
        while !rest.isEmpty {
            guard case .bytes(let count) = client.send(rest) else { return false }
            rest = rest.dropFirst(count)
        }
        return stream.read(&buffer)
    }

    @Test(arguments: [1, 2, 3, 7, 1000]) func `messages are the same however they are cut`(_ size: Int) {
        let messages: [[UInt8]] = [[1], [], Array(1...200), [UInt8](repeating: 5, count: 700), [0, 0], []]
        let octets = messages.flatMap(framed)
        var taken: [[UInt8]] = []
        for start in stride(from: 0, to: octets.count, by: size) {
            #expect(feed(Array(octets[start..<min(start + size, octets.count)])))
            while let message = stream.takeMessage() { taken.append(message) }
        }
        #expect(taken == messages)
    }

    @Test func `half a message is none`() {
        #expect(feed([0]))
        #expect(stream.takeMessage() == nil)
        #expect(feed([3, 1, 2]))
        #expect(stream.takeMessage() == nil)
        #expect(feed([3]))
        #expect(stream.takeMessage() == [1, 2, 3])
        #expect(stream.takeMessage() == nil)
    }

    @Test func `nothing to read is not an end, an end of file is`() {
        var buffer = [UInt8](repeating: 0, count: 16)
        #expect(stream.read(&buffer))
        Socket.shutdownWriting(client.raw)
        #expect(!stream.read(&buffer))
    }

    @Test func `a client that sends on without a whole message is over`() throws {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let octets = [UInt8](repeating: 0xff, count: DNSStream.maximumUnread + 1)
        var sent = 0
        var isOpen = true
        for _ in 0..<1000 where isOpen {
            if case .bytes(let count) = client.send(octets[sent...]) { sent += count }
            isOpen = stream.read(&buffer)
        }
        #expect(!isOpen)
    }

    @Test(arguments: [0, 1, 255, 256, 512, 65535]) func `an answer has its length before it`(_ count: Int) {
        let message = [UInt8](repeating: 3, count: count)
        #expect(stream.send(message))
        var octets: [UInt8] = []
        for _ in 0..<100 where octets.count < count + 2 { octets += client.receiveAll() }
        #expect(octets == framed(message))
    }

    @Test func `a client that doesn't read has no claim to more`() {
        let message = [UInt8](repeating: 3, count: 65535)
        var sent = 0
        while sent < 1000, stream.send(message) { sent += 1 }
        #expect(sent < 1000)
    }
}
