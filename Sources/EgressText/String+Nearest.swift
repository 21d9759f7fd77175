// SPDX-License-Identifier: Apache-2.0

extension String {
    /// The word among `candidates` that was probably meant, or nil when none is near.
    ///
    /// Near is one slip (a letter missing, added, changed, or two swapped) in every three letters, or one word
    /// being the beginning of the other.
    public func nearest(in candidates: some Sequence<String>) -> String? {
        // A word longer than any of ours by this much is near to none, and must not cost quadratic time.
        guard utf8.count >= 2, utf8.count <= 64 else { return nil }
        let word = Array(lowercased().utf8)
        var best: (candidate: String, slips: Int)?
        for candidate in candidates {
            let other = Array(candidate.lowercased().utf8)
            let slips = slipsBetween(word, other)
            let isBeginning = word.count >= 3 && (other.starts(with: word) || word.starts(with: other))
            let isNear = slips <= max(1, other.count / 3) && slips < other.count
            guard isNear || isBeginning else { continue }
            if slips < best?.slips ?? .max { best = (candidate, slips) }
        }
        return best?.candidate
    }
}

/// The optimal string alignment distance: Levenshtein's, with a swap of neighbours counted once.
private func slipsBetween(_ first: [UInt8], _ second: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...second.count)
    for i in first.indices {
        var row = [i + 1]
        row.reserveCapacity(second.count + 1)
        for j in second.indices {
            let change = last[j] + (first[i] == second[j] ? 0 : 1)
            var cost = min(change, last[j + 1] + 1, row[j] + 1)
            if i > 0, j > 0, first[i] == second[j - 1], first[i - 1] == second[j] {
                cost = min(cost, beforeLast[j - 1] + 1)
            }
            row.append(cost)
        }
        beforeLast = last
        last = row
    }
    return last[second.count]
}
