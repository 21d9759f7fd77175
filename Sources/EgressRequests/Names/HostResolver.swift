// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy

/// Finds the addresses of names. It judges nothing: what it answers is checked by who asked.
public protocol HostResolver: Sendable {
    /// All addresses of a name.
    ///
    /// - Parameters:
    ///   - host: The name, which the policy allows.
    ///   - deadline: When to give up.
    /// - Throws: ``HostResolverError`` when the name has no address or none could be found out.
    func resolve(_ host: Host, deadline: ContinuousClock.Instant) async throws(HostResolverError) -> ResolvedHost
}

/// What a name resolved to.
public struct ResolvedHost: Hashable, Sendable {
    /// All its addresses, in the order of the answer.
    public var addresses: [IPAddress]
    /// The names (CNAME) that led to them, in their order: a deny rule may name one.
    public var aliases: [Host]

    /// An answer.
    public init(addresses: [IPAddress], aliases: [Host] = []) {
        self.addresses = addresses
        self.aliases = aliases
    }
}

/// Why a name has no address.
public enum HostResolverError: Error, Hashable, Sendable {
    /// The server says that there is no such name.
    case noSuchName
    /// The name has no address, says the server.
    case noAddress
    /// Nothing came in time.
    case timedOut
    /// It could not be found out; the text says why, for people.
    case failed(String)
}

extension HostResolverError: CustomStringConvertible {
    /// One clause for people.
    public var description: String {
        switch self {
        case .noSuchName: "there is no such name"
        case .noAddress: "the name has no address"
        case .timedOut: "no answer in time"
        case .failed(let why): why
        }
    }
}
