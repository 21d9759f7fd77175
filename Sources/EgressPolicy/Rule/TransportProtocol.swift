// SPDX-License-Identifier: Apache-2.0

/// A transport that can be relayed.
public enum TransportProtocol: String, Sendable, CaseIterable {
    /// Streams.
    case tcp
    /// Datagrams, QUIC included.
    case udp
}

/// Which transports a rule speaks of.
public struct ProtocolSet: OptionSet, Hashable, Sendable {
    /// One bit per transport.
    public let rawValue: UInt8

    /// Makes a set of raw bits; unknown ones are dropped.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue & 0b11
    }

    /// Makes the set of the given transports.
    public init(_ protocols: some Sequence<TransportProtocol>) {
        self = protocols.reduce(into: []) { $0.formUnion(ProtocolSet($1)) }
    }

    /// Makes the set of one transport.
    public init(_ transport: TransportProtocol) {
        self = transport == .tcp ? .tcp : .udp
    }

    /// Streams only.
    public static let tcp = ProtocolSet(rawValue: 0b01)

    /// Datagrams only.
    public static let udp = ProtocolSet(rawValue: 0b10)

    /// Both, as in a rule that names none.
    public static let all: ProtocolSet = [.tcp, .udp]

    /// Whether the rule speaks of a transport.
    public func contains(_ transport: TransportProtocol) -> Bool {
        contains(ProtocolSet(transport))
    }
}
