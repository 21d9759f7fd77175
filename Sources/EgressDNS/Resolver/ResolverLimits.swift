// SPDX-License-Identifier: Apache-2.0

/// The bounds and times of a resolver. Times are nanoseconds, lifetimes of records seconds.
public struct ResolverLimits: Sendable, Equatable {
    /// Lookups that wait for upstream at one time; more are answered SERVFAIL at once.
    public var lookups = 256
    /// Questions that wait for the same lookup; more are answered SERVFAIL at once.
    public var waitersPerLookup = 64
    /// Answers that are kept for their lifetime; more are not kept.
    public var cachedAnswers = 4096
    /// Aliases (CNAME) that are followed for one question.
    public var aliases = 16
    /// Addresses or records told to the worker of one answer; all of an answer are checked, the first ones told.
    public var recordsPerAnswer = 64
    /// The longest lifetime that the worker is told, so that names are soon looked up through us again.
    public var longestLifetime: UInt32 = 60
    /// How long the absence of a name or of its addresses is kept here; the worker is told not to keep it at all.
    public var longestNegativeLifetime: UInt32 = 10
    /// The shortest lifetime that counts for a pin: a program may use an answer of lifetime 0 a little later.
    public var shortestPinLifetime: UInt32 = 5
    /// How long a pin outlives the lifetime that the worker was told.
    public var pinGrace: UInt64 = 30 * second
    /// How long one server has for one try.
    public var tryTimeout: UInt64 = 2 * second
    /// How often the list of servers is gone through.
    public var rounds = 2
    /// How long a question may take in all, aliases included.
    public var lookupTimeout: UInt64 = 8 * second
    /// Datagrams that do not belong to the query which one exchange takes before its server counts as failed.
    public var strayReplies = 16
    /// Different names that are asked upstream in a minute because of one wildcard rule (`.example.com`, `*.example.com`).
    ///
    /// Whoever serves the names of a wildcard can read what the worker writes into them. This bound and ``wildcardOctets``
    /// leave a trickle of about 70 octets a second; exact names leave none, and names already asked in the minute are free.
    public var wildcardNames = 120
    /// Octets of those names, without the part that the rule spells out.
    public var wildcardOctets = 4096
    /// The pins.
    public var pins = PinTable.Limits()

    static let second: UInt64 = 1_000_000_000

    /// The limits that the documentation of each names.
    public init() {}
}
