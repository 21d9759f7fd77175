// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy

/// What became of one question of the worker: for the audit log and for people.
public struct ResolverEvent: Sendable, Equatable {
    /// Where the answer came from.
    public enum Source: String, Sendable {
        /// The policy alone; nothing was looked up.
        case policy
        /// A name that is always the worker's own, as `localhost`.
        case local
        /// The hosts file.
        case hosts
        /// An earlier answer that is still alive.
        case cache
        /// A server.
        case upstream
    }

    /// What the worker was told.
    public enum Outcome: Sendable, Equatable {
        /// These addresses; they are pinned, but for those of ``Source/local``.
        case addresses([IPAddress])
        /// So many records of another type.
        case records(Int)
        /// The name has no such record.
        case noData
        /// The name does not exist, says the server.
        case noSuchName
        /// Nothing, because the policy says no.
        case denied
        /// Nothing, because it could not be found out.
        case failed
    }

    /// Who asked.
    public var client: Resolver.ClientID
    /// The name that was asked about, printable.
    public var name: String
    /// The same as a host; nil when no host can have that name.
    public var host: Host?
    /// The type that was asked for.
    public var type: RecordType
    /// Allowed or why not, and the rule that says so. Allowed names without addresses are allowed.
    public var verdict: Verdict
    /// What the worker was told.
    public var outcome: Outcome
    /// Where the answer came from.
    public var source: Source
    /// A phrase for people about what the verdict does not say: which alias or address was bad, which server failed and how.
    public var detail: String?
}

/// Why a server gave no answer that could be used.
public enum ServerFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// Nothing came within the time of a try.
    case timedOut
    /// The port is closed (ICMP, RST).
    case connectionRefused
    /// There is no way to the server.
    case unreachable
    /// The stream ended before the answer did.
    case closed
    /// The answer cannot be read.
    case malformed(DNSError.Code)
    /// Too many datagrams that belong to no question of ours.
    case tooManyStrays
    /// The server says that it cannot or will not.
    case refused(ResponseCode)
    /// The server does not ask others for us.
    case notRecursive
    /// Aliases lead in a circle, to several names at once, or too far.
    case aliases
    /// Anything else, as the system names it.
    case other(String)

    /// A phrase for people.
    public var description: String {
        switch self {
        case .timedOut: "no answer in time"
        case .connectionRefused: "connection refused"
        case .unreachable: "unreachable"
        case .closed: "closed the connection"
        case .malformed(let code): "malformed answer: \(code.rawValue)"
        case .tooManyStrays: "too many answers to questions that were not asked"
        case .refused(let code): "answered \(code)"
        case .notRecursive: "does not resolve names for others"
        case .aliases: "aliases lead in a circle or too far"
        case .other(let text): text
        }
    }
}
