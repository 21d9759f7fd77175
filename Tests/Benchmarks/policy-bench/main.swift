// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Glibc

// How long one decision takes, by the number of rules: prints a line "RULES NANOSECONDS" each, the least of rounds that are
// taken in turn: it only computes, so what comes on top is the machine's. One decision is one call: half ask for a name,
// half judge an address; half of either are allowed.

let sizes = [10, 100_000]
let rounds = 15
let questions = 2_000

/// A policy of half names, half addresses, and questions about both: allowed and not.
struct Subject {
    let policy: Policy
    let names: [Host]
    let addresses: [IPAddress]

    init(rules count: Int) throws {
        let half = count / 2
        let texts = (0..<half).flatMap { ["api.host\($0).example.com:443", Self.address($0) + ":443"] }
        policy = Policy(allow: try texts.map { try Rule.parse($0) }, deny: [])
        let step = max(1, half / questions)
        names = try (0..<questions).map { index in
            try Host(index % 2 == 0 ? "api.host\(index * step % half).example.com" : "www.host\(index).example.org")
        }
        addresses = (0..<questions).compactMap { index in
            IPAddress(index % 2 == 0 ? Self.address(index * step % half) : "8.\(index % 200).\(index / 200).9")
        }
    }

    /// Distinct global addresses.
    static func address(_ number: Int) -> String {
        "93.\(number >> 16 & 0xff).\(number >> 8 & 0xff).\(number & 0xff)"
    }

    /// Nanoseconds of one decision, and how many were allowed, so that none can be left out.
    func measure() -> (nanoseconds: Double, allowed: Int) {
        var allowed = 0
        let start = clock()
        for index in 0..<questions {
            if policy.decide(name: names[index]).isAllowed { allowed += 1 }
            if policy.decide(address: addresses[index], port: 443, protocol: .tcp, names: []).isAllowed { allowed += 1 }
        }
        return (Double(clock() - start) / Double(2 * questions), allowed)
    }

    private func clock() -> UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

let subjects = try sizes.map { try Subject(rules: $0) }
var samples = [[Double]](repeating: [], count: subjects.count)
for _ in 0..<rounds {
    for (index, subject) in subjects.enumerated() {
        let (nanoseconds, allowed) = subject.measure()
        precondition(allowed == questions, "half of the questions are allowed")
        samples[index].append(nanoseconds)
    }
}
for (size, times) in zip(sizes, samples) {
    print(size, Int((times.min() ?? 0).rounded()))
}
