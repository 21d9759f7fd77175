// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressRequests
import Synchronization

/// Answers what a test says, and remembers what it was asked.
final class RecordingResolver: HostResolver {
    private let answers: [String: Result<ResolvedHost, HostResolverError>]
    private let calls = Mutex<[String]>([])

    /// What was asked, in order.
    var asked: [String] { calls.withLock { $0 } }

    init(_ answers: [String: Result<ResolvedHost, HostResolverError>] = [:]) {
        self.answers = answers
    }

    /// Answers one name with addresses.
    convenience init(_ name: String, _ addresses: [String], aliases: [String] = []) {
        let answer = ResolvedHost(
            addresses: addresses.compactMap { IPAddress($0) },
            aliases: aliases.compactMap { try? Host($0) }
        )
        self.init([name: .success(answer)])
    }

    func resolve(
        _ host: Host,
        deadline: ContinuousClock.Instant
    ) async throws(HostResolverError) -> ResolvedHost {
        calls.withLock { $0.append(host.description) }
        return try (answers[host.description] ?? .failure(.noSuchName)).get()
    }
}
