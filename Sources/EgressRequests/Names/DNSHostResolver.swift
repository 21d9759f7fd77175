// SPDX-License-Identifier: Apache-2.0

public import EgressDNS
public import EgressPolicy
import LinuxSystem
import Synchronization

/// Resolves names as the system is configured to, by the project's own DNS client: the hosts file, then the servers.
///
/// Both families are asked for at once. Waiting happens on a thread of its own for each look-up, never on one that runs
/// tasks; more than ``maximumLookups`` at a time are refused.
public struct DNSHostResolver: HostResolver {
    /// The servers, in the order in which they are tried.
    public let servers: [ServerAddress]

    private let hosts: HostsFile
    private let slots = Slots()

    /// Look-ups at a time.
    public static let maximumLookups = 64

    /// How long the second family may take once the first has addresses: a server that ignores one type of question must
    /// not hold up every request.
    static let patience: UInt64 = 1_000_000_000

    /// A resolver that asks these servers, after a hosts file.
    public init(servers: [ServerAddress], hosts: HostsFile = HostsFile()) {
        self.servers = servers
        self.hosts = hosts
    }

    /// A resolver for this machine as it is configured now.
    ///
    /// - Parameter servers: The servers to ask; those of `/etc/resolv.conf` when there are none.
    public static func system(servers: [ServerAddress] = []) -> DNSHostResolver {
        func text(_ path: String) -> String { String(decoding: contents(ofFile: path) ?? [], as: UTF8.self) }
        let servers = servers.isEmpty ? ResolverConfiguration(parsing: text("/etc/resolv.conf")).servers : servers
        return DNSHostResolver(servers: servers, hosts: HostsFile(parsing: text("/etc/hosts")))
    }

    /// All addresses of a name, of both families.
    public func resolve(
        _ host: Host,
        deadline: ContinuousClock.Instant
    ) async throws(HostResolverError) -> ResolvedHost {
        guard slots.take() else { throw .failed("\(Self.maximumLookups) names are being looked up already") }
        defer { slots.giveBack() }
        let end = monotonicNow() + Self.nanoseconds(until: deadline)
        let (servers, hosts) = (servers, hosts)
        let cancellation = Cancellation()
        let result = await withTaskCancellationHandler {
            await BlockingThread.run { () -> Result<ResolvedHost, HostResolverError> in
                let lookup = HostLookup(host, servers: servers, hosts: hosts, deadline: end, cancellation: cancellation)
                return Result { () throws(HostResolverError) in try lookup.run() }
            }
        } onCancel: {
            cancellation.cancel()
        }
        guard let result else { throw .failed("no thread can be started to look the name up") }
        return try result.get()
    }

    private static func nanoseconds(until deadline: ContinuousClock.Instant) -> UInt64 {
        let (seconds, attoseconds) = (deadline - .now).components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        // A day is for ever.
        return UInt64(min(seconds, 86_400)) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }

    /// Counts the look-ups that are under way.
    private final class Slots: Sendable {
        private let taken = Mutex(0)

        func take() -> Bool {
            taken.withLock { count in
                guard count < maximumLookups else { return false }
                count += 1
                return true
            }
        }

        func giveBack() {
            taken.withLock { $0 -= 1 }
        }
    }
}

/// Tells a thread that nobody waits for it any more.
final class Cancellation: Sendable {
    private let flag = Atomic(false)

    var isCancelled: Bool { flag.load(ordering: .relaxed) }

    func cancel() { flag.store(true, ordering: .relaxed) }
}
