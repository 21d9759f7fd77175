// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

extension DNSMessage {
    /// The smallest size that every receiver takes (RFC 1035, section 2.3.4).
    public static let minimumSize = 512
    /// The largest message there is.
    public static let maximumSize = 65_535

    /// The message as bytes of at most the given number, 512 or more.
    ///
    /// What does not fit is left out from the end: answers and authorities with TC set, additional records silently.
    /// EDNS stays, at worst without its options. A response code above 15 without EDNS is written as SERVFAIL.
    public func encode(maximumSize: Int = DNSMessage.maximumSize) -> [UInt8] {
        let limit = min(max(maximumSize, Self.minimumSize), Self.maximumSize)
        let edns = edns.map { $0.fitting(limit - Self.headerSize - longestQuestion) }
        let room = limit - (edns?.encodedSize ?? 0)
        var header = self
        if edns == nil, responseCode.rawValue > 15 { header.responseCode = .serverFailure }

        var writer = MessageWriter()
        writer.write([UInt8](repeating: 0, count: Self.headerSize))
        let questionCount = writer.write(questions, room: room) { $0.write($1) }
        var complete = questionCount == questions.count
        let answerCount = complete ? writer.write(answers, room: room) { $0.write($1) } : 0
        complete = complete && answerCount == answers.count
        let authorityCount = complete ? writer.write(authorities, room: room) { $0.write($1) } : 0
        complete = complete && authorityCount == authorities.count
        var additionalCount = complete ? writer.write(additionals, room: room) { $0.write($1) } : 0
        if let edns {
            writer.write(edns, extendedCode: UInt8(responseCode.rawValue >> 4))
            additionalCount += 1
        }
        if !complete { header.isTruncated = true }
        let fields = [
            id, header.flags, UInt16(questionCount), UInt16(answerCount), UInt16(authorityCount),
            UInt16(additionalCount),
        ]
        for (index, field) in fields.enumerated() { writer.patch(field, at: 2 * index) }
        return writer.bytes
    }

    private var longestQuestion: Int { questions.first.map { $0.name.wire.count + 4 } ?? 0 }
}

extension EDNS {
    /// The same without options when they take more than the given octets.
    fileprivate func fitting(_ room: Int) -> EDNS {
        guard encodedSize > room else { return self }
        var bare = self
        bare.options = []
        return bare
    }
}

extension MessageWriter {
    /// Writes elements while they fit, and answers how many did.
    fileprivate mutating func write<Element>(
        _ elements: [Element],
        room: Int,
        each body: (inout MessageWriter, Element) -> Void
    ) -> Int {
        for (index, element) in elements.enumerated() {
            let start = bytes.count
            body(&self, element)
            guard bytes.count <= room else {
                truncate(to: start)
                return index
            }
        }
        return elements.count
    }

    fileprivate mutating func write(_ question: Question) {
        write(question.name)
        write(question.type.rawValue)
        write(question.recordClass)
    }

    fileprivate mutating func write(_ record: Record) {
        write(record.name)
        write(record.data.type.rawValue)
        write(record.recordClass)
        write(record.ttl)
        let lengthOffset = bytes.count
        write(UInt16(0))
        write(record.data)
        // Data that is too long for its length never fits the message either, and is taken back by the caller.
        let length = bytes.count - lengthOffset - 2
        patch(UInt16(truncatingIfNeeded: length), at: lengthOffset)
    }

    private mutating func write(_ data: RecordData) {
        switch data {
        case .a(let address):
            write(address.bits)
        case .aaaa(let address):
            write(address.high)
            write(address.low)
        case .ns(let name), .cname(let name), .ptr(let name):
            write(name)
        case .soa(let soa):
            write(soa.primary)
            write(soa.mailbox)
            for field in [soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum] { write(field) }
        case .mx(let preference, let name):
            write(preference)
            write(name)
        case .srv(let priority, let weight, let port, let name):
            for field in [priority, weight, port] { write(field) }
            // RFC 2782: name compression is not to be used for the target.
            write(name, compressed: false)
        case .opaque(_, let octets):
            write(octets)
        }
    }

    fileprivate mutating func write(_ edns: EDNS, extendedCode: UInt8) {
        write(UInt8(0))
        write(RecordType.opt.rawValue)
        write(edns.payloadSize)
        write(extendedCode)
        write(edns.version)
        write(UInt16(edns.wantsSecurity ? 0x8000 : 0))
        write(UInt16(truncatingIfNeeded: edns.encodedSize - 11))
        for option in edns.options {
            write(option.code)
            write(UInt16(truncatingIfNeeded: option.data.count))
            write(option.data)
        }
    }
}
