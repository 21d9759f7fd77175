// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressRequests
import Synchronization

/// Answers as the corpus says, one answer after the other.
final class ScriptedResolver: HostResolver {
    private let corpus: AttackCorpus
    private let request: RequestInput
    private let turns = Mutex<[String: Int]>([:])

    init(corpus: AttackCorpus, request: RequestInput) {
        self.corpus = corpus
        self.request = request
    }

    func resolve(_ host: Host, deadline: ContinuousClock.Instant) async throws(HostResolverError) -> ResolvedHost {
        let name = host.description
        guard let answers = corpus.answers(for: name, in: request), let last = answers.indices.last else {
            throw .noSuchName
        }
        let turn = turns.withLock { turns in
            defer { turns[name, default: 0] += 1 }
            return turns[name, default: 0]
        }
        let answer = answers[min(turn, last)]
        if answer.fails == true { throw .failed("the server failed") }
        return ResolvedHost(
            addresses: (answer.addresses ?? []).compactMap { IPAddress($0) },
            aliases: (answer.aliases ?? []).compactMap { try? Host($0) }
        )
    }
}
