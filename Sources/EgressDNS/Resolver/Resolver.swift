// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy

/// The policy resolver: answers the worker's DNS queries, asks upstream only what the policy allows, and pins what it answers.
///
/// ## Theory of operation
/// It does no input or output and has no clock. The caller hands in what arrived (``receive(query:from:transport:now:)``,
/// ``receive(datagram:exchange:now:)``, ...) and the time, then performs what ``takeActions()`` answers. `now` is
/// nanoseconds of one monotonic clock, also for ``pins``. Not meant for several threads at a time.
///
/// A question goes through these gates, each of which answers at once or passes it on:
/// 1. a well-formed standard query with one question (else FORMERR or NOTIMP; responses and scraps are ignored);
/// 2. `localhost` and the like: loopback (RFC 6761, section 6.3);
/// 3. the policy on the name: NXDOMAIN, with an Extended DNS Error that says why. It never leaves the machine;
/// 4. the type: A, AAAA and the configured ones go on, SVCB and HTTPS are empty, others are REFUSED;
/// 5. the hosts file, then answers that are still alive;
/// 6. upstream, with the aliases followed and checked name by name.
/// Every address of an answer is then checked; one bad address voids it. What remains is pinned, then told.
///
/// Who answers upstream is told from a stranger off the path (RFC 5452) by the port and the identifier of the query, by the
/// case of the letters in its name (0x20), and by a cookie (RFC 7873) where the server gives one. A server that does not
/// keep the case, or leaves its cookie out, is asked again over TCP.
///
/// With the first AAAA each server is also asked for the NAT64 prefixes of its network (RFC 7050). An IPv6 address waits
/// for that, and is then judged by the IPv4 address it stands for as well; while it is not known, there are no IPv6 addresses.
///
/// ## Should
/// Answer every query it accepts exactly once, within ``ResolverLimits/lookupTimeout``.
/// ## Mustn't
/// Tell the worker an address that is not pinned for as long as its lifetime; trap, whatever the bytes; hold more than its
/// limits; send the worker's own bytes anywhere: queries are built anew from the checked host.
public struct Resolver: Sendable {
    /// Names a client of the caller's choosing: a datagram's sender, a connection.
    public struct ClientID: Hashable, Sendable {
        /// The caller's number.
        public let rawValue: UInt64
        /// A client of that number.
        public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    }

    /// Names one query to one server; never used twice.
    public struct ExchangeID: Hashable, Sendable {
        /// A number that is never used twice by one resolver.
        public let rawValue: UInt64
        /// The exchange of that number.
        public init(_ rawValue: UInt64) { self.rawValue = rawValue }
    }

    /// What carries a message.
    public enum Transport: Sendable {
        /// One message in a datagram.
        case udp
        /// Messages in a stream, each after two octets of length.
        case tcp
    }

    /// What the caller has to do, in this order.
    public enum Action: Sendable, Equatable {
        /// Send a message to a client over the transport of its query; the length that TCP needs is the caller's to add.
        case answer(ClientID, [UInt8])
        /// Connect a new UDP socket to the server, send the message, and hand in what comes back.
        case openUDP(ExchangeID, ServerAddress, [UInt8])
        /// Connect to the server, send the bytes (length and message), and hand in what comes back.
        case openTCP(ExchangeID, ServerAddress, [UInt8])
        /// Close the socket of an exchange; nothing handed in for it counts any more.
        case close(ExchangeID)
        /// Tell what became of a question.
        case event(ResolverEvent)
    }

    /// What a resolver works from.
    public struct Configuration: Sendable {
        /// Decides names and addresses.
        public let policy: Policy
        /// The servers in the order of preference; without any, only local names and the hosts file resolve.
        public let servers: [ServerAddress]
        /// Names with fixed addresses, checked like any answer.
        public let hosts: HostsFile
        /// Types besides A and AAAA that are asked upstream for allowed names. Their data is passed on unchecked: what they
        /// name still has to be resolved through us. Those that carry addresses or make no sense alone are left out.
        public let extraTypes: Set<RecordType>
        /// Names that mean the worker's own loopback where no rule says otherwise, as its host name.
        public let localNames: Set<Host>
        /// Bounds and times.
        public let limits: ResolverLimits
        /// Whether answers are held to the policy. Only a caller that judges every address itself may say no.
        public let judgesAnswers: Bool
        /// Whether IPv6 leads anywhere now; where it does not, nobody is asked how it is translated.
        public var reachesIPv6: @Sendable () -> Bool = { true }

        /// A configuration; only the policy is needed.
        public init(
            policy: Policy,
            servers: [ServerAddress] = [],
            hosts: HostsFile = HostsFile(),
            extraTypes: Set<RecordType> = [],
            localNames: Set<Host> = [],
            limits: ResolverLimits = ResolverLimits(),
            judgesAnswers: Bool = true
        ) {
            self.policy = policy
            self.servers = servers
            self.hosts = hosts
            self.extraTypes = extraTypes.filter { !$0.isMeta && !$0.isAddress && $0 != .svcb && $0 != .https }
            self.localNames = localNames
            self.limits = limits
            self.judgesAnswers = judgesAnswers
        }
    }

    /// What it works from.
    public let configuration: Configuration
    /// The addresses that may be connected to because of an answer; the gate reads it.
    public internal(set) var pins: PinTable
    /// The policy, with what was learnt of the network.
    public internal(set) var policy: Policy

    var servers: [UpstreamServer]
    var randomness: any RandomNumberGenerator & Sendable
    var cache: AnswerCache
    var budget: WildcardBudget
    var lookups: [LookupKey: Lookup] = [:]
    var exchanges: [ExchangeID: LookupKey] = [:]
    var actions: [Action] = []
    /// The index of the server that answered last: a dead first server costs its time once, not for every name.
    var preferredServer = 0
    private var lastExchange: UInt64 = 0

    /// A resolver; the generator makes identifiers, spellings and cookies, and has to be unpredictable.
    public init(
        _ configuration: Configuration,
        randomness: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.configuration = configuration
        var randomness = randomness
        servers = configuration.servers.map { _ in UpstreamServer(cookie: Cookie(drawing: randomness.next())) }
        self.randomness = randomness
        policy = configuration.policy
        pins = PinTable(limits: configuration.limits.pins)
        cache = AnswerCache(limit: configuration.limits.cachedAnswers)
        budget = WildcardBudget(
            rules: configuration.policy.allowRules,
            names: configuration.limits.wildcardNames,
            octets: configuration.limits.wildcardOctets
        )
    }

    /// What is to be done since the last call.
    public mutating func takeActions() -> [Action] {
        defer { actions = [] }
        return actions
    }

    /// When ``tick(now:)`` has to be called; nil while nothing is waited for.
    public var nextDeadline: UInt64? { lookups.values.lazy.map(\.due).min() }

    /// Gives up what had its time, and forgets what expired.
    public mutating func tick(now: UInt64) {
        pins.expire(at: now)
        cache.expire(at: now)
        for (key, lookup) in lookups where lookup.due <= now {
            fail(key, .timedOut, now: now)
        }
    }

    /// Forgets the questions of a client that went away.
    public mutating func forget(_ client: ClientID) {
        for key in Array(lookups.keys) { lookups[key]?.queries.removeAll { $0.client == client } }
    }

    mutating func makeExchangeID() -> ExchangeID {
        lastExchange += 1
        return ExchangeID(lastExchange)
    }
}
