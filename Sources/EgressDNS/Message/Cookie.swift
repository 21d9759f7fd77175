// SPDX-License-Identifier: Apache-2.0

/// A DNS cookie: octets that only those know who saw the question, and what a server wants to see again (RFC 7873).
public struct Cookie: Hashable, Sendable {
    /// The number of the option that carries a cookie.
    public static let optionCode: UInt16 = 10
    /// The octets of the client's part.
    public static let clientLength = 8
    /// How many octets the server's part has, when there is one (RFC 7873, section 4).
    public static let serverLengths = 8...32

    /// The client's part: 8 octets that cannot be guessed.
    public let client: [UInt8]
    /// The server's part, 8 to 32 octets; empty while it is not known.
    public let server: [UInt8]

    /// A cookie of the client's own, for a server that has given none yet.
    init(drawing bits: UInt64) {
        client = (0..<Self.clientLength).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt64($0))) }
        server = []
    }

    /// The cookie that an option carries; nil when it is another option or its length is illegal.
    public init?(_ option: EDNS.Option) {
        guard option.code == Self.optionCode, option.data.count >= Self.clientLength else { return nil }
        client = Array(option.data.prefix(Self.clientLength))
        server = Array(option.data.dropFirst(Self.clientLength))
        guard server.isEmpty || Self.serverLengths.contains(server.count) else { return nil }
    }

    /// The cookie as an option.
    public var option: EDNS.Option { EDNS.Option(code: Self.optionCode, data: client + server) }
}
