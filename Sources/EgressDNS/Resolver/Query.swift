// SPDX-License-Identifier: Apache-2.0

/// A question of the worker, with what is needed to answer it.
struct Query: Sendable {
    let client: Resolver.ClientID
    let id: UInt16
    let question: Question
    let recursionDesired: Bool
    let checkingDisabled: Bool
    let edns: EDNS?
    let transport: Resolver.Transport

    /// The longest query that is read. The longest name with every option in use stays below 1,024 octets; what is longer
    /// could only keep us busy.
    static let maximumSize = 4096

    /// What was made of bytes that should be a query.
    enum Reading {
        /// A question.
        case query(Query)
        /// Not one that we answer; these bytes say so.
        case rejected([UInt8])
        /// Not a query at all: an answer could only feed a loop (two servers answering each other's errors).
        case ignored
    }

    /// Reads a query from bytes of the worker.
    static func read(_ bytes: [UInt8], client: Resolver.ClientID, transport: Resolver.Transport) -> Reading {
        guard let header = Header(bytes), !header.isResponse else { return .ignored }
        guard header.opcode == 0 else { return .rejected(header.rejection(.notImplemented)) }
        guard
            bytes.count <= maximumSize,
            let message = try? DNSMessage(decoding: bytes),
            message.questions.count == 1
        else { return .rejected(header.rejection(.formatError)) }
        let query = Query(
            client: client,
            id: message.id,
            question: message.questions[0],
            recursionDesired: message.recursionDesired,
            checkingDisabled: message.checkingDisabled,
            edns: message.edns,
            transport: transport
        )
        // RFC 6891, section 6.1.3: a version that we do not know is answered with the one that we do.
        guard message.edns?.version ?? 0 == 0 else { return .rejected(query.response(.badVersion)) }
        return .query(query)
    }

    /// The response with an answer, whose records the worker is told to keep for a lifetime.
    ///
    /// No authority section: without an SOA nobody may keep that something does not exist (RFC 2308, section 5), so that
    /// a program in the worker asks again and finds what meanwhile became true.
    func response(_ code: ResponseCode, answer: Answer = Answer(), error: ExtendedError? = nil) -> [UInt8] {
        var message = DNSMessage(id: id)
        message.isResponse = true
        message.recursionDesired = recursionDesired
        // RFC 4035, section 3.2.2: CD is copied. RA is what stub resolvers ask for (glibc takes an empty answer without
        // it for a referral).
        message.checkingDisabled = checkingDisabled
        message.recursionAvailable = true
        message.responseCode = code
        message.questions = [question]
        var owner = question.name
        for alias in answer.aliases {
            message.answers.append(Record(name: owner, ttl: answer.lifetime, data: .cname(alias)))
            owner = alias
        }
        message.answers += answer.data.map { Record(name: owner, ttl: answer.lifetime, data: $0) }
        // RFC 6891, section 7: no OPT for who sent none.
        if let edns {
            message.edns = EDNS(wantsSecurity: edns.wantsSecurity, options: error.map { [$0.option] } ?? [])
        }
        return message.encode(maximumSize: room)
    }

    /// How long the response may be.
    private var room: Int {
        switch transport {
        case .tcp: DNSMessage.maximumSize
        case .udp: Int(min(edns?.payloadSize ?? 0, EDNS.safePayloadSize))
        }
    }
}

/// The part of a header that is read before anything else may be wrong.
private struct Header {
    var message: DNSMessage

    init?(_ bytes: [UInt8]) {
        guard bytes.count >= DNSMessage.headerSize else { return nil }
        message = DNSMessage(id: UInt16(bytes[0]) << 8 | UInt16(bytes[1]))
        message.flags = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    }

    var isResponse: Bool { message.isResponse }
    var opcode: UInt8 { message.opcode }

    /// A bare header, as large as the smallest query: nothing can be amplified.
    func rejection(_ code: ResponseCode) -> [UInt8] {
        var answer = DNSMessage(id: message.id)
        answer.isResponse = true
        answer.opcode = message.opcode
        answer.recursionDesired = message.recursionDesired
        answer.recursionAvailable = true
        answer.responseCode = code
        return answer.encode()
    }
}
