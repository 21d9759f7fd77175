// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressRequests
import Glibc

// How long a request takes to be evaluated, all but DNS, by the number of allowed hosts: prints a line "HOSTS NANOSECONDS"
// each, the least of rounds that are taken in turn: it only computes, so what comes on top is the machine's. One evaluation
// reads the URL, decides on the host, and takes the fingerprint of the whole; all are allowed, because a denial ends early.

let sizes = [10, 10_000]
let rounds = 25
let questions = 2_000

/// A policy of so many hosts, and requests to them.
struct Subject {
    let requests: [EgressProxyRequest]

    init(hosts count: Int) throws {
        let policy = try EgressRequestPolicy(allowedHosts: (0..<count).map { "api.host\($0).example.com:443" })
        let step = max(1, count / questions)
        requests = (0..<questions).map { index in
            EgressProxyRequest(
                url: "https://api.host\(index * step % count).example.com/v1/items/\(index)?page=2&size=50",
                policy: policy
            )
        }
    }

    /// Nanoseconds of one evaluation, and the fingerprints' length in all, so that none can be left out.
    func measure() throws -> (nanoseconds: Double, length: Int) {
        var length = 0
        let start = clock()
        for request in requests { length += try EgressProxyPolicyService.check(request).fingerprint.utf8.count }
        return (Double(clock() - start) / Double(requests.count), length)
    }

    private func clock() -> UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

let subjects = try sizes.map { try Subject(hosts: $0) }
var samples = [[Double]](repeating: [], count: subjects.count)
for _ in 0..<rounds {
    for (index, subject) in subjects.enumerated() {
        let (nanoseconds, length) = try subject.measure()
        precondition(length == 64 * questions, "every request is allowed")
        samples[index].append(nanoseconds)
    }
}
for (size, times) in zip(sizes, samples) {
    print(size, Int((times.min() ?? 0).rounded()))
}
