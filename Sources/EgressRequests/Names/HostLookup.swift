// SPDX-License-Identifier: Apache-2.0

import EgressDNS
import EgressPolicy
import Glibc
import LinuxSystem

/// One name being looked up: all that is decided is decided by `Resolver`; this moves bytes and waits.
final class HostLookup {
    private let host: Host
    private let deadline: UInt64
    private let cancellation: Cancellation
    private var resolver: Resolver
    private var exchanges: [Resolver.ExchangeID: DNSExchange] = [:]
    private var replies: [DNSMessage] = []
    private var failures: [String] = []
    private var buffer = [UInt8].untouched(count: 65536)

    private static let families: [RecordType] = [.a, .aaaa]

    /// How often a cancellation is looked for, in nanoseconds.
    private static let attention: UInt64 = 50_000_000

    init(
        _ host: Host,
        servers: [ServerAddress],
        hosts: HostsFile,
        deadline: UInt64,
        cancellation: Cancellation
    ) {
        self.host = host
        self.deadline = deadline
        self.cancellation = cancellation
        var limits = ResolverLimits()
        // All of an answer is told, because who asked judges it: no message holds as many.
        limits.recordsPerAnswer = 4096
        limits.lookupTimeout = .max >> 1
        let policy = Policy(allow: [Rule(target: .host(host))], deny: [])
        resolver = Resolver(
            Resolver.Configuration(
                policy: policy,
                servers: servers,
                hosts: hosts,
                limits: limits,
                judgesAnswers: false
            )
        )
    }

    /// Waits for both families, or for one and a little while.
    func run() throws(HostResolverError) -> ResolvedHost {
        for (index, family) in Self.families.enumerated() {
            let question = Question(name: DNSName(host), type: family)
            let query = DNSMessage(id: UInt16(index), asking: question, edns: nil).encode()
            // As over TCP: an answer of any size comes back whole.
            resolver.receive(
                query: query,
                from: Resolver.ClientID(UInt64(index)),
                transport: .tcp,
                now: monotonicNow()
            )
        }
        perform()
        var end = deadline
        var isPatient = true
        while replies.count < Self.families.count {
            let now = monotonicNow()
            if !addresses.isEmpty, isPatient {
                isPatient = false
                end = min(end, now + DNSHostResolver.patience)
            }
            guard now < end, !cancellation.isCancelled else { break }
            wait(until: min(end, resolver.nextDeadline ?? end, now + Self.attention))
            resolver.tick(now: monotonicNow())
            perform()
        }
        return try answer()
    }

    /// IPv4 first, whichever reply came first: what is told must not depend on who was faster.
    private var addresses: [IPAddress] {
        replies.sorted { $0.id < $1.id }.flatMap(\.answers).compactMap(\.data.address)
    }

    private func answer() throws(HostResolverError) -> ResolvedHost {
        guard !replies.contains(where: \.isTruncated) else { throw .failed("the answer is too large") }
        let found = addresses
        guard found.isEmpty else {
            var aliases: [Host] = []
            for case .cname(let target) in replies.lazy.flatMap(\.answers).map(\.data) {
                guard let alias = target.host, !aliases.contains(alias) else { continue }
                aliases.append(alias)
            }
            return ResolvedHost(addresses: found, aliases: aliases)
        }
        if let failure = failures.first { throw .failed(failure) }
        guard replies.count == Self.families.count else { throw .timedOut }
        throw replies.contains { $0.responseCode == .nameError } ? .noSuchName : .noAddress
    }

    // MARK: What the resolver wants done

    private func perform() {
        var actions = resolver.takeActions()
        while !actions.isEmpty {
            for action in actions { perform(action) }
            actions = resolver.takeActions()
        }
    }

    private func perform(_ action: Resolver.Action) {
        switch action {
        case .answer(_, let bytes):
            // Our own encoding; one that can't be read would be as good as none.
            replies.append((try? DNSMessage(decoding: bytes)) ?? DNSMessage(id: 0))
        case .openUDP(let id, let server, let message): open(id, server, message, isStream: false)
        case .openTCP(let id, let server, let message): open(id, server, message, isStream: true)
        case .close(let id): exchanges[id] = nil
        case .event(let event):
            guard event.outcome == .failed || event.outcome == .denied else { return }
            failures.append(event.detail ?? event.verdict.reason.summary)
        }
    }

    private func open(_ id: Resolver.ExchangeID, _ server: ServerAddress, _ message: [UInt8], isStream: Bool) {
        do {
            exchanges[id] = try DNSExchange(id, to: server, message, isStream: isStream)
        } catch {
            fail(id, error.code)
        }
    }

    private func fail(_ id: Resolver.ExchangeID, _ code: Int32) {
        exchanges[id] = nil
        resolver.exchangeFailed(id, ServerFailure(code: code), now: monotonicNow())
    }

    // MARK: Bytes

    private func wait(until time: UInt64) {
        let now = monotonicNow()
        // Rounded up: waking a little early would be waking again and again.
        let milliseconds = time > now ? Int32(clamping: (time - now + 999_999) / 1_000_000) : 0
        let waiting = Array(exchanges.values)
        var entries = waiting.map { pollfd(fd: $0.socket.raw, events: Int16($0.events), revents: 0) }
        guard unsafe poll(&entries, UInt(entries.count), milliseconds) > 0 else { return }
        for (exchange, entry) in zip(waiting, entries) where entry.revents != 0 { receive(exchange) }
    }

    private func receive(_ exchange: DNSExchange) {
        if let code = exchange.sendRest() { return fail(exchange.id, code) }
        let now = monotonicNow()
        switch unsafe buffer.withUnsafeMutableBytes({ unsafe Socket.receive(exchange.socket.raw, $0) }) {
        case .bytes(let count) where exchange.isStream:
            resolver.receive(stream: Array(buffer[..<count]), exchange: exchange.id, now: now)
        case .bytes(let count):
            resolver.receive(datagram: Array(buffer[..<count]), exchange: exchange.id, now: now)
        case .end where exchange.isStream: resolver.streamClosed(exchange.id, now: now)
        case .end: resolver.receive(datagram: [], exchange: exchange.id, now: now)
        case .wouldBlock: return
        case .failed(let code): fail(exchange.id, code)
        }
    }
}

extension ServerFailure {
    /// What the errno of a socket says about a server.
    fileprivate init(code: Int32) {
        self =
            switch code {
            case ECONNREFUSED: .connectionRefused
            case ENETUNREACH, EHOSTUNREACH: .unreachable
            case ETIMEDOUT: .timedOut
            default: .other(SystemError("", code: code).reason)
            }
    }
}
