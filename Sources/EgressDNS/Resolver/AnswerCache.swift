// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

/// What is asked about, as far as answers differ.
struct LookupKey: Hashable, Sendable {
    var host: Host
    var type: RecordType
    /// The index of the only server that is asked, when that is to learn about the server's network; nil for the worker.
    var server: Int?
}

/// What was found out about a question that the policy allows.
struct Answer: Sendable, Equatable {
    /// The targets of the aliases that were followed, in their order.
    var aliases: [DNSName] = []
    /// The records at the end of the aliases, without owner; empty for NODATA and NXDOMAIN.
    var data: [RecordData] = []
    /// Whether the name at the end of the aliases exists.
    var exists = true
    /// Seconds to live, capped.
    var lifetime: UInt32 = 0

    var addresses: [IPAddress] { data.compactMap(\.address) }
}

/// Answers that are still alive. Bounded: a full cache takes no more until one expires, and only addresses and absences are
/// kept, because other data may be large.
struct AnswerCache: Sendable {
    private struct Entry {
        var answer: Answer
        var verdict: Verdict
        var until: UInt64
    }

    let limit: Int
    private var entries: [LookupKey: Entry] = [:]
    private var expiries = ExpiryQueue<LookupKey>()

    init(limit: Int) { self.limit = limit }

    var count: Int { entries.count }

    /// The answer with what is left of its lifetime, in whole seconds, rounded down.
    func answer(for key: LookupKey, at now: UInt64) -> (Answer, Verdict)? {
        guard let entry = entries[key], entry.until > now else { return nil }
        var answer = entry.answer
        answer.lifetime = UInt32(truncatingIfNeeded: (entry.until - now) / ResolverLimits.second)
        return (answer, entry.verdict)
    }

    mutating func insert(_ answer: Answer, verdict: Verdict, for key: LookupKey, at now: UInt64) {
        expire(at: now)
        guard key.type.isAddress || answer.data.isEmpty, answer.lifetime > 0 else { return }
        guard entries[key] == nil, expiries.count < limit else { return }
        let until = now + UInt64(answer.lifetime) * ResolverLimits.second
        entries[key] = Entry(answer: answer, verdict: verdict, until: until)
        expiries.insert(key, due: until)
    }

    mutating func expire(at now: UInt64) {
        while let key = expiries.pop(dueAt: now) { entries[key] = nil }
    }
}
