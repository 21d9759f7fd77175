// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@testable import EgressDNS

@Suite struct DecodeTests {
    /// One file per way to break a message, in `Fixtures/dns/malformed`; each says what it is and where it comes from.
    static let malformed: [(String, DNSError.Code)] = [
        ("empty", .truncated),
        ("header-cut", .truncated),
        ("question-count", .impossibleCount),
        ("record-count", .impossibleCount),
        ("question-missing", .truncated),
        ("pointer-to-itself", .badPointer),
        ("pointer-to-own-start", .badPointer),
        ("pointer-forward", .badPointer),
        ("pointer-forward-in-range", .badPointer),
        ("pointer-into-header", .badPointer),
        ("pointer-past-end", .badPointer),
        ("pointer-cut", .truncated),
        ("pointer-chain", .badPointer),
        ("label-type-01", .reservedLabel),
        ("label-type-10", .reservedLabel),
        ("name-256", .nameTooLong),
        ("name-256-compressed", .nameTooLong),
        ("name-without-end", .truncated),
        ("name-without-root", .truncated),
        ("record-data-past-end", .truncated),
        ("a-of-3", .truncated),
        ("a-of-5", .badRecordData),
        ("aaaa-of-4", .truncated),
        ("aaaa-of-15", .badRecordData),
        ("cname-with-tail", .badRecordData),
        ("cname-past-length", .badRecordData),
        ("soa-cut", .truncated),
        ("mx-of-1", .truncated),
        ("srv-without-target", .truncated),
        ("opt-twice", .badOptions),
        ("opt-in-answer", .badOptions),
        ("opt-with-owner", .badOptions),
        ("opt-option-overrun", .badOptions),
        ("opt-option-cut", .badOptions),
        ("trailing-octet", .trailingBytes),
    ]

    @Test(arguments: malformed)
    func `a malformed message is refused`(_ name: String, _ code: DNSError.Code) throws {
        let octets = try HexFile.octets("malformed/\(name)")
        #expect(throws: DNSError(code)) { try DNSMessage(decoding: octets) }
    }

    @Test func `compressed names read as in RFC 1035, section 4.1.4`() throws {
        var octets = [UInt8](repeating: 0, count: 93)
        octets.replaceSubrange(20..<32, with: try DNSName("F.ISI.ARPA").wire)
        octets.replaceSubrange(40..<46, with: [3] + Array("FOO".utf8) + [0xc0, 20])
        octets.replaceSubrange(64..<66, with: [0xc0, 26])
        let names = [(20, "F.ISI.ARPA", 32), (40, "FOO.F.ISI.ARPA", 46), (64, "ARPA", 66), (92, ".", 93)]
        for (offset, name, end) in names {
            var reader = MessageReader(octets, at: offset)
            #expect(try reader.readName() == DNSName(name))
            #expect(reader.offset == end)
        }
    }

    @Test func `a query of dig is read with its cookie`() throws {
        let query = try DNSMessage(decoding: HexFile.octets("query-dig"))
        #expect(query.id == 0xe218)
        #expect(query.recursionDesired && query.isAuthenticData && !query.isResponse)
        #expect(query.questions == [Question(name: try DNSName("example.com"), type: .a)])
        let cookie = EDNS.Option(code: 10, data: [0xff, 0xfe, 0xb4, 0xde, 0xd8, 0x95, 0xbc, 0xc2])
        #expect(query.edns == EDNS(payloadSize: 1232, options: [cookie]))
    }

    @Test func `a query of musl is read as it was typed`() throws {
        let query = try DNSMessage(decoding: HexFile.octets("query-musl"))
        #expect(query.questions.map(\.name.description) == ["Example.COM"])
        #expect(query.questions.map(\.type) == [.aaaa])
        #expect(query.edns == nil)
    }

    @Test func `an alias and its address are read from a compressed answer`() throws {
        let answer = try DNSMessage(decoding: HexFile.octets("answer-cname"))
        #expect(
            answer.answers == [
                Record(name: try DNSName("USC-ISIC.ARPA"), ttl: 300, data: .cname(try DNSName("C.ISI.EDU"))),
                Record(name: try DNSName("C.ISI.EDU"), ttl: 300, data: .a(IPv4Address(bits: 0x0a00_0034))),
            ]
        )
        #expect(answer.authorities.map(\.data) == [.ns(try DNSName("A.ISI.EDU"))])
        #expect(answer.additionals.map(\.name) == [try DNSName("A.ISI.EDU")])
    }

    @Test(
        arguments: [
            ("answer-dnsmasq", "NOERROR www.example.com 0 CNAME cdn.example.net; cdn.example.net 0 A 93.184.216.34"),
            ("answer-unbound", "NOERROR www.example.com 300 A 93.184.216.34; www.example.com 300 A 93.184.216.35"),
            ("answer-unbound-nxdomain", "NXDOMAIN"),
        ]
    )
    func `answers of real servers are read, and written as they write them`(_ name: String, _ text: String) throws {
        let octets = try HexFile.octets(name)
        let answer = try DNSMessage(decoding: octets)
        #expect(answer.text == text)
        #expect(answer.edns == EDNS())
        #expect(answer.encode() == octets)
    }

    @Test func `the end of an alias may not exist`() throws {
        let answer = try DNSMessage(decoding: HexFile.octets("answer-nxdomain"))
        #expect(answer.responseCode == .nameError)
        #expect(answer.answers.map(\.data) == [.cname(try DNSName("tripple.xx"))])
        guard case .soa(let soa) = answer.authorities.first?.data else {
            Issue.record("no SOA")
            return
        }
        #expect(soa.mailbox == (try DNSName("hostmaster.xx")) && soa.minimum == 60)
    }

    @Test func `a type that we do not know stays as it is`() throws {
        let octets = try HexFile.octets("answer-svcb")
        let answer = try DNSMessage(decoding: octets)
        #expect(answer.answers.first?.data.type == .svcb)
        #expect(answer.encode() == octets)
    }

    @Test func `the head of a message is read whatever its records are`() throws {
        var octets = try HexFile.octets("answer-cname")
        octets.removeLast(40)
        #expect(throws: DNSError.self) { try DNSMessage(decoding: octets) }
        #expect(try DNSMessage(decoding: octets, extent: .questions).questions.count == 1)
    }

    @Test func `an A record of another class is no address`() throws {
        // CHAOS had A records of a domain and a 16-bit address (RFC 1035, section 3.4.1 is for the Internet alone).
        var message = DNSMessage(id: 1)
        message.answers = [Record(name: .root, recordClass: 3, ttl: 0, data: .opaque(.a, [1, 2, 3]))]
        let decoded = try DNSMessage(decoding: message.encode())
        #expect(decoded == message)
        #expect(decoded.answers[0].data.address == nil)
    }

    @Test func `a lifetime with its top bit set is 0`() {
        // RFC 2181, section 8.
        #expect(Record(name: .root, ttl: 0x8000_0000, data: .ns(.root)).lifetime == 0)
        #expect(Record(name: .root, ttl: 0x7fff_ffff, data: .ns(.root)).lifetime == 0x7fff_ffff)
    }
}
