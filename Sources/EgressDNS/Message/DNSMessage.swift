// SPDX-License-Identifier: Apache-2.0

/// A question (RFC 1035, section 4.1.2).
public struct Question: Hashable, Sendable {
    /// The class of the Internet.
    public static let internetClass: UInt16 = 1

    /// The name asked about.
    public var name: DNSName
    /// The type asked for.
    public var type: RecordType
    /// The class asked for.
    public var recordClass: UInt16

    /// A question of the Internet class unless told otherwise.
    public init(name: DNSName, type: RecordType, recordClass: UInt16 = Question.internetClass) {
        self.name = name
        self.type = type
        self.recordClass = recordClass
    }
}

/// A DNS message (RFC 1035, section 4), with EDNS taken out of the additional section (RFC 6891).
///
/// `DNSMessage(decoding: m.encode()) == m` for every message that decoding can produce.
public struct DNSMessage: Hashable, Sendable {
    /// The identifier that joins a response to its query.
    public var id: UInt16
    /// QR: a response, not a query.
    public var isResponse: Bool
    /// The kind of query, 0 to 15; 0 is a standard query.
    public var opcode: UInt8
    /// AA: the answer comes from the zone itself.
    public var isAuthoritative: Bool
    /// TC: the message was cut to fit.
    public var isTruncated: Bool
    /// RD: please ask others too.
    public var recursionDesired: Bool
    /// RA: asking others is possible.
    public var recursionAvailable: Bool
    /// AD: the data was verified (RFC 4035).
    public var isAuthenticData: Bool
    /// CD: please do not verify (RFC 4035).
    public var checkingDisabled: Bool
    /// How it went; above 15 only with ``edns``.
    public var responseCode: ResponseCode
    /// The questions; in practice one.
    public var questions: [Question]
    /// The answer section.
    public var answers: [Record]
    /// The authority section.
    public var authorities: [Record]
    /// The additional section without its OPT record.
    public var additionals: [Record]
    /// The OPT record.
    public var edns: EDNS?

    /// A standard query without questions.
    public init(id: UInt16) {
        self.id = id
        isResponse = false
        opcode = 0
        isAuthoritative = false
        isTruncated = false
        recursionDesired = false
        recursionAvailable = false
        isAuthenticData = false
        checkingDisabled = false
        responseCode = .noError
        questions = []
        answers = []
        authorities = []
        additionals = []
        edns = nil
    }

    /// A standard query for one name that asks for recursion.
    public init(id: UInt16, asking question: Question, edns: EDNS? = EDNS()) {
        self.init(id: id)
        recursionDesired = true
        questions = [question]
        self.edns = edns
    }

    /// The octets of a header.
    static let headerSize = 12

    /// The two octets of flags in the middle of the header, the lower four bits of the response code among them.
    var flags: UInt16 {
        get {
            var flags = UInt16(opcode & 0x0f) << 11
            if isResponse { flags |= 0x8000 }
            if isAuthoritative { flags |= 0x0400 }
            if isTruncated { flags |= 0x0200 }
            if recursionDesired { flags |= 0x0100 }
            if recursionAvailable { flags |= 0x0080 }
            if isAuthenticData { flags |= 0x0020 }
            if checkingDisabled { flags |= 0x0010 }
            return flags | (responseCode.rawValue & 0x0f)
        }
        set {
            opcode = UInt8(newValue >> 11 & 0x0f)
            isResponse = newValue & 0x8000 != 0
            isAuthoritative = newValue & 0x0400 != 0
            isTruncated = newValue & 0x0200 != 0
            recursionDesired = newValue & 0x0100 != 0
            recursionAvailable = newValue & 0x0080 != 0
            isAuthenticData = newValue & 0x0020 != 0
            checkingDisabled = newValue & 0x0010 != 0
            responseCode = ResponseCode(rawValue: newValue & 0x0f)
        }
    }
}
