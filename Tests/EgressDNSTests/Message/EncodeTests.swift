// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@testable import EgressDNS

@Suite struct EncodeTests {
    @Test func `what is written reads back the same, spelling included`() throws {
        for seed in 0..<4000 as Range<UInt64> {
            var random = RandomMessage(seed: seed)
            let message = random.message()
            let octets = message.encode()
            let decoded = try DNSMessage(decoding: octets)
            #expect(decoded == message, "seed \(seed)")
            #expect(spelling(decoded) == spelling(message), "seed \(seed)")
            #expect(decoded.encode() == octets, "seed \(seed)")
        }
    }

    private func spelling(_ message: DNSMessage) -> [[UInt8]] {
        let records = message.answers + message.authorities + message.additionals
        return message.questions.map(\.name.wire) + records.map(\.name.wire)
    }

    @Test func `names are written once`() throws {
        // RFC 1035, section 4.1.4.
        var message = DNSMessage(id: 1, asking: Question(name: try DNSName("www.example.com"), type: .a), edns: nil)
        message.answers = [
            Record(name: try DNSName("www.example.com"), ttl: 1, data: .cname(try DNSName("mail.example.com"))),
            Record(name: try DNSName("mail.example.com"), ttl: 1, data: .a(IPv4Address(bits: 1))),
        ]
        // Header, question, then two owners of 2 octets and "mail" with a pointer in 7.
        #expect(message.encode().count == 12 + 17 + 4 + (2 + 10 + 7) + (2 + 10 + 4))
    }

    @Test func `the target of SRV is not compressed`() throws {
        // RFC 2782: "Unless and until permitted by future standards action, name compression is not to be used".
        var message = DNSMessage(id: 1)
        let name = try DNSName("example.com")
        message.answers = [Record(name: name, ttl: 1, data: .srv(1, 2, 3, name))]
        #expect(message.encode().suffix(13) == name.wire[...])
    }

    @Test func `a message is cut at a record with TC set and EDNS kept`() throws {
        var message = DNSMessage(id: 1, asking: Question(name: try DNSName("example.com"), type: .a))
        message.isResponse = true
        message.answers = (0..<100).map {
            Record(name: message.questions[0].name, ttl: 1, data: .a(IPv4Address(bits: $0)))
        }
        for limit in [0, 512, 513, 600, 1232, 1640, 1700, 70_000] {
            let octets = message.encode(maximumSize: limit)
            #expect(octets.count <= max(limit, 512))
            let decoded = try DNSMessage(decoding: octets)
            let room = (max(limit, 512) - 12 - 17 - 11) / 16
            #expect(decoded.answers.count == min(room, 100))
            #expect(decoded.isTruncated == (room < 100))
            #expect(decoded.edns == EDNS())
        }
    }

    @Test func `what does not fit after the answers is cut first`() throws {
        var message = DNSMessage(id: 1)
        message.authorities = [Record(name: .root, ttl: 1, data: .opaque(.txt, [UInt8](repeating: 7, count: 480)))]
        message.additionals = message.authorities
        let decoded = try DNSMessage(decoding: message.encode(maximumSize: 512))
        #expect(decoded.authorities.count == 1 && decoded.additionals.isEmpty && !decoded.isTruncated)
    }

    @Test func `nothing is ever longer than it may be`() throws {
        let huge = [UInt8](repeating: 1, count: 70_000)
        var message = DNSMessage(id: 1)
        message.answers = [Record(name: .root, ttl: 1, data: .opaque(.txt, huge))]
        message.edns = EDNS(options: [EDNS.Option(code: 1, data: huge)])
        let decoded = try DNSMessage(decoding: message.encode())
        #expect(decoded.answers.isEmpty && decoded.isTruncated && decoded.edns?.options == [])
    }

    @Test func `a name past the reach of pointers is written out`() throws {
        var message = DNSMessage(id: 1)
        let filler = Record(name: .root, ttl: 1, data: .opaque(.txt, [UInt8](repeating: 7, count: 0x4000)))
        let late = Record(name: try DNSName("late.example"), ttl: 1, data: .ns(try DNSName("late.example")))
        message.answers = [filler, late, late]
        #expect(try DNSMessage(decoding: message.encode()) == message)
    }

    @Test func `an extended code without EDNS is SERVFAIL`() throws {
        var message = DNSMessage(id: 1)
        message.responseCode = .badVersion
        #expect(try DNSMessage(decoding: message.encode()).responseCode == .serverFailure)
        message.edns = EDNS()
        #expect(try DNSMessage(decoding: message.encode()).responseCode == .badVersion)
    }

    @Test func `an extended error is cut at a character and reads back`() {
        let error = ExtendedError(.blocked, String(repeating: "é", count: 200))
        #expect(error.option.data.count == 2 + ExtendedError.maximumText)
        #expect(ExtendedError(error.option)?.text == String(repeating: "é", count: 80))
        #expect(ExtendedError(error.option)?.code == .blocked)
        #expect(ExtendedError(EDNS.Option(code: 15, data: [0])) == nil)
        #expect(ExtendedError(EDNS.Option(code: 10, data: [0, 15])) == nil)
    }
}
