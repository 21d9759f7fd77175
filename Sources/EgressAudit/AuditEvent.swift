// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy

/// One thing that happened to the network of a command, as the audit file and the terminal are told of it.
public struct AuditEvent: Sendable {
    /// What happened.
    public enum Kind: String, Sendable, CaseIterable {
        /// The command is about to start.
        case start
        /// A name was asked for.
        case name
        /// A TCP connection was attempted.
        case connect
        /// A datagram was sent to a target for the first time.
        case datagram
        /// A connection or flow ended, with its byte counts.
        case close
        /// The log has reached its limit: of what follows only the end is written.
        case limit
        /// The command ended, with its exit status.
        case exit
    }

    /// When it happened.
    public var time: Timestamp
    /// What happened.
    public var kind: Kind
    /// What was decided; nil where nothing was to decide.
    public var verdict: Verdict?
    /// The name in question.
    ///
    /// Text and not a `Host`, because a question that is denied may hold anything. It is escaped wherever it is shown.
    public var host: String?
    /// The type of DNS record that was asked for, such as `AAAA`.
    public var recordType: String?
    /// The addresses that the name was found to have, when it was allowed.
    public var addresses: [IPAddress] = []
    /// The address of the other side; of a name that is denied for an address, that address.
    public var address: IPAddress?
    /// The port of the other side.
    public var port: UInt16?
    /// The path of a unix socket, as the host has it.
    public var path: String?
    /// The transport.
    public var transport: TransportProtocol?
    /// Who wanted it.
    public var caller: Caller?
    /// Bytes from the command to the other side.
    public var bytesSent: UInt64?
    /// Bytes from the other side to the command.
    public var bytesReceived: UInt64?
    /// What the verdict does not say, such as the alias or address for which a name is denied, or how a server failed.
    public var detail: String?
    /// The exit status of the command.
    public var status: Int32?

    /// An event of which nothing more is known yet.
    ///
    /// - Parameters:
    ///   - kind: What happened.
    ///   - verdict: What was decided, if something was.
    ///   - time: When it happened.
    public init(_ kind: Kind, _ verdict: Verdict? = nil, at time: Timestamp = .now()) {
        self.kind = kind
        self.verdict = verdict
        self.time = time
    }
}
