// SPDX-License-Identifier: Apache-2.0

extension PortSpan {
    /// Flattens the ports of some rules over one transport to disjoint spans, each with the first rules on it.
    ///
    /// In n log n of all their ranges, so that a list with a rule for every port of a host compiles as well.
    static func spans(of indices: [Int32], over transport: TransportProtocol, in rules: [Rule]) -> [PortSpan] {
        let indices = indices.filter { rules[Int($0)].protocols.contains(transport) }
        let strips = PortStrips(indices.flatMap { rules[Int($0)].ports.ranges })
        let first = strips.paint(indices, in: rules)
        let firstPrivate = strips.paint(indices.filter { rules[Int($0)].isPrivate }, in: rules)
        var spans: [PortSpan] = []
        for strip in 0..<strips.count where first[strip] != Match.none {
            let (low, high) = strips.bounds(strip)
            let span = PortSpan(low: low, high: high, rule: first[strip], privateRule: firstPrivate[strip])
            if let last = spans.last, last.touches(span) {
                spans[spans.count - 1] = PortSpan(
                    low: last.low,
                    high: high,
                    rule: last.rule,
                    privateRule: last.privateRule
                )
            } else {
                spans.append(span)
            }
        }
        return spans
    }

    private func touches(_ next: PortSpan) -> Bool {
        Int(high) + 1 == Int(next.low) && rule == next.rule && privateRule == next.privateRule
    }
}

/// The ports cut at every bound of some ranges, so that each strip lies either inside a range or outside.
private struct PortStrips {
    /// Where strips begin, and after the last one its end.
    private let edges: [Int]

    init(_ ranges: [ClosedRange<UInt16>]) {
        edges = Set(ranges.flatMap { [Int($0.lowerBound), Int($0.upperBound) + 1] }).sorted()
    }

    var count: Int { max(edges.count - 1, 0) }

    func bounds(_ strip: Int) -> (low: UInt16, high: UInt16) {
        (UInt16(truncatingIfNeeded: edges[strip]), UInt16(truncatingIfNeeded: edges[strip + 1] - 1))
    }

    /// Gives each strip to the first rule that covers it. Painted strips are skipped in near-constant time.
    func paint(_ indices: [Int32], in rules: [Rule]) -> [Int32] {
        var owners = [Int32](repeating: Match.none, count: count)
        var next = Array(0...count)
        func firstFree(_ strip: Int) -> Int {
            var strip = strip
            while next[strip] != strip {
                next[strip] = next[next[strip]]
                strip = next[strip]
            }
            return strip
        }
        for index in indices {
            for range in rules[Int(index)].ports.ranges {
                let end = strip(at: Int(range.upperBound) + 1)
                var free = firstFree(strip(at: Int(range.lowerBound)))
                while free < end {
                    owners[free] = index
                    next[free] = free + 1
                    free = firstFree(free + 1)
                }
            }
        }
        return owners
    }

    private func strip(at edge: Int) -> Int {
        var low = 0
        var high = edges.count
        while low < high {
            let middle = (low + high) / 2
            if edges[middle] < edge { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
