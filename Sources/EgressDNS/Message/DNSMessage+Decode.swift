// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

extension DNSMessage {
    /// How much of a message to read.
    public enum Extent: Sendable {
        /// Everything; bytes after the last record are an error.
        case whole
        /// Header and questions. The records of a truncated response need not be well formed, nor be looked at.
        case questions
    }

    /// Reads a message from bytes of any origin, in time linear in their number.
    ///
    /// - Throws: the first thing that is wrong.
    public init(decoding bytes: [UInt8], extent: Extent = .whole) throws(DNSError) {
        var reader = MessageReader(bytes)
        self = try reader.readMessage(extent)
    }
}

extension MessageReader {
    mutating func readMessage(_ extent: DNSMessage.Extent) throws(DNSError) -> DNSMessage {
        var message = DNSMessage(id: try readUInt16())
        message.flags = try readUInt16()
        let questions = Int(try readUInt16())
        let answers = Int(try readUInt16())
        let authorities = Int(try readUInt16())
        let additionals = Int(try readUInt16())
        // A question takes at least 5 octets, a record 11: what cannot fit is refused before room is made for it.
        let least = questions * 5 + (extent == .whole ? (answers + authorities + additionals) * 11 : 0)
        guard least <= remaining else { throw DNSError(.impossibleCount, at: 4) }

        message.questions.reserveCapacity(questions)
        for _ in 0..<questions { message.questions.append(try readQuestion()) }
        guard extent == .whole else { return message }

        message.answers = try readRecords(answers)
        message.authorities = try readRecords(authorities)
        try readAdditionals(additionals, into: &message)
        guard remaining == 0 else { throw DNSError(.trailingBytes, at: offset) }
        return message
    }

    private mutating func readQuestion() throws(DNSError) -> Question {
        let name = try readName()
        let type = RecordType(rawValue: try readUInt16())
        return Question(name: name, type: type, recordClass: try readUInt16())
    }

    private mutating func readRecords(_ count: Int) throws(DNSError) -> [Record] {
        var records: [Record] = []
        records.reserveCapacity(count)
        for _ in 0..<count {
            let start = offset
            guard case .record(let record) = try readEntry() else { throw DNSError(.badOptions, at: start) }
            records.append(record)
        }
        return records
    }

    private mutating func readAdditionals(_ count: Int, into message: inout DNSMessage) throws(DNSError) {
        for _ in 0..<count {
            let start = offset
            switch try readEntry() {
            case .record(let record):
                message.additionals.append(record)
            case .options(let edns, let extendedCode):
                guard message.edns == nil else { throw DNSError(.badOptions, at: start) }
                message.edns = edns
                message.responseCode = ResponseCode(
                    rawValue: UInt16(extendedCode) << 4 | message.responseCode.rawValue
                )
            }
        }
    }

    private enum Entry {
        case record(Record)
        case options(EDNS, extendedCode: UInt8)
    }

    private mutating func readEntry() throws(DNSError) -> Entry {
        let start = offset
        let name = try readName()
        let type = RecordType(rawValue: try readUInt16())
        let recordClass = try readUInt16()
        let ttl = try readUInt32()
        let length = Int(try readUInt16())
        guard length <= remaining else { throw DNSError(.truncated, at: offset) }
        guard type != .opt else {
            guard name.isRoot else { throw DNSError(.badOptions, at: start) }
            let edns = EDNS(
                payloadSize: recordClass,
                version: UInt8(ttl >> 16 & 0xff),
                wantsSecurity: ttl & 0x8000 != 0,
                options: try readOptions(length)
            )
            return .options(edns, extendedCode: UInt8(ttl >> 24))
        }
        let data = try readData(type, recordClass, length)
        return .record(Record(name: name, recordClass: recordClass, ttl: ttl, data: data))
    }

    private mutating func readOptions(_ length: Int) throws(DNSError) -> [EDNS.Option] {
        let end = offset + length
        var options: [EDNS.Option] = []
        while offset < end {
            let code = try readUInt16()
            let size = Int(try readUInt16())
            guard offset + size <= end else { throw DNSError(.badOptions, at: offset) }
            options.append(EDNS.Option(code: code, data: Array(try readBytes(size))))
        }
        guard offset == end else { throw DNSError(.badOptions, at: offset) }
        return options
    }

    private mutating func readData(
        _ type: RecordType,
        _ recordClass: UInt16,
        _ length: Int
    ) throws(DNSError) -> RecordData {
        let start = offset
        let data = try readData(type, recordClass, length: length)
        guard offset == start + length else { throw DNSError(.badRecordData, at: start) }
        return data
    }

    private mutating func readData(
        _ type: RecordType,
        _ recordClass: UInt16,
        length: Int
    ) throws(DNSError) -> RecordData {
        // Other classes give other meanings to the same numbers (an A record of CHAOS is not an address).
        guard recordClass == Question.internetClass else { return .opaque(type, Array(try readBytes(length))) }
        switch type {
        case .a:
            return .a(IPv4Address(bits: try readUInt32()))
        case .aaaa:
            let high = try readUInt64()
            return .aaaa(IPv6Address(high: high, low: try readUInt64()))
        case .ns:
            return .ns(try readName())
        case .cname:
            return .cname(try readName())
        case .ptr:
            return .ptr(try readName())
        case .soa:
            return .soa(try readStartOfAuthority())
        case .mx:
            let preference = try readUInt16()
            return .mx(preference, try readName())
        case .srv:
            let priority = try readUInt16()
            let weight = try readUInt16()
            let port = try readUInt16()
            return .srv(priority, weight, port, try readName())
        default:
            return .opaque(type, Array(try readBytes(length)))
        }
    }

    private mutating func readUInt64() throws(DNSError) -> UInt64 {
        let high = try readUInt32()
        return UInt64(high) << 32 | UInt64(try readUInt32())
    }

    private mutating func readStartOfAuthority() throws(DNSError) -> StartOfAuthority {
        let primary = try readName()
        let mailbox = try readName()
        return StartOfAuthority(
            primary: primary,
            mailbox: mailbox,
            serial: try readUInt32(),
            refresh: try readUInt32(),
            retry: try readUInt32(),
            expire: try readUInt32(),
            minimum: try readUInt32()
        )
    }
}
