// SPDX-License-Identifier: Apache-2.0

/// What an OPT record says about its sender (RFC 6891, section 6.1); the extended response code is the message's.
public struct EDNS: Hashable, Sendable {
    /// The largest UDP message that the sender can take.
    public var payloadSize: UInt16
    /// The version; only 0 exists.
    public var version: UInt8
    /// The DO bit: the sender understands DNSSEC records (RFC 3225).
    public var wantsSecurity: Bool
    /// The options in their order.
    public var options: [Option]

    /// One option.
    public struct Option: Hashable, Sendable {
        /// The number of the option (IANA, EDNS0 option codes).
        public var code: UInt16
        /// Its data.
        public var data: [UInt8]

        /// An option; the data is at most 65,535 octets.
        public init(code: UInt16, data: [UInt8]) {
            self.code = code
            self.data = data
        }
    }

    /// The size that fits any path without fragments (DNS flag day 2020): 1,232 octets.
    public static let safePayloadSize: UInt16 = 1232

    /// EDNS of version 0 with the safe payload size unless told otherwise.
    public init(
        payloadSize: UInt16 = EDNS.safePayloadSize,
        version: UInt8 = 0,
        wantsSecurity: Bool = false,
        options: [Option] = []
    ) {
        self.payloadSize = payloadSize
        self.version = version
        self.wantsSecurity = wantsSecurity
        self.options = options
    }

    /// The octets that the OPT record takes on the wire.
    var encodedSize: Int { options.reduce(11) { $0 + 4 + $1.data.count } }
}

/// An Extended DNS Error: why an answer is what it is (RFC 8914).
public struct ExtendedError: Hashable, Sendable {
    /// The number of the error (IANA, extended DNS error codes).
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The number on the wire.
        public var rawValue: UInt16

        /// The code of that number.
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// 0, Other.
        public static let other = Code(rawValue: 0)
        /// 15, Blocked: by the policy of who runs the server.
        public static let blocked = Code(rawValue: 15)
        /// 17, Filtered: by a block list that the client asked for.
        public static let filtered = Code(rawValue: 17)
        /// 21, Not Supported.
        public static let notSupported = Code(rawValue: 21)
        /// 22, No Reachable Authority.
        public static let noReachableAuthority = Code(rawValue: 22)
        /// 23, Network Error.
        public static let networkError = Code(rawValue: 23)
    }

    /// The number of the option that carries an error.
    public static let optionCode: UInt16 = 15
    /// The longest text that we write, so that every denial fits 512 octets together with the longest name.
    public static let maximumText = 160

    /// What happened.
    public var code: Code
    /// More for people; UTF-8.
    public var text: String

    /// An error with a text.
    public init(_ code: Code, _ text: String) {
        self.code = code
        self.text = text
    }

    /// The error as an option; the text is cut, at a character, to ``maximumText`` octets.
    public var option: EDNS.Option {
        var data = [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xff)]
        for character in text {
            guard data.count + character.utf8.count <= 2 + Self.maximumText else { break }
            data.append(contentsOf: character.utf8)
        }
        return EDNS.Option(code: Self.optionCode, data: data)
    }

    /// The error that an option carries; nil when it is another option or too short. Invalid UTF-8 is repaired.
    public init?(_ option: EDNS.Option) {
        guard option.code == Self.optionCode, option.data.count >= 2 else { return nil }
        code = Code(rawValue: UInt16(option.data[0]) << 8 | UInt16(option.data[1]))
        text = String(decoding: option.data.dropFirst(2), as: UTF8.self)
    }
}
