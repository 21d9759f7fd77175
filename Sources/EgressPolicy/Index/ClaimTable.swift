// SPDX-License-Identifier: Apache-2.0

/// What all rules with the same target say together.
private enum Claim {
    /// The most frequent by far: one rule, one range of ports.
    case one(rule: Int32, low: UInt16, high: UInt16, protocols: ProtocolSet, isPrivate: Bool)
    /// The place of a ``Merger``.
    case many(Int32)
}

/// What several rules with the same target say together, or one with several ranges of ports.
private struct Merger {
    var named = Match.none
    var namedPrivate = Match.none
    var blanket = Match.none
    var tcp: Range<Int32> = 0..<0
    var udp: Range<Int32> = 0..<0
}

/// A range of ports and the first rules that cover it.
struct PortSpan: Equatable {
    let low: UInt16
    let high: UInt16
    let rule: Int32
    let privateRule: Int32
}

/// The claims of one list of rules, arranged so that the frequent ones cost one cache line.
struct ClaimTable: Sendable {
    private var claims: [Claim] = []
    private var mergers: [Merger] = []
    private var spans: [PortSpan] = []

    /// Merges rules that have the same target, given by their places in ascending order.
    mutating func add(_ indices: [Int32], of rules: [Rule]) -> Int32 {
        claims.append(claim(indices, of: rules))
        return Int32(truncatingIfNeeded: claims.count - 1)
    }

    private mutating func claim(_ indices: [Int32], of rules: [Rule]) -> Claim {
        if indices.count == 1, let ports = rules[Int(indices[0])].ports.soleRange {
            let rule = rules[Int(indices[0])]
            return .one(
                rule: indices[0],
                low: ports.lowerBound,
                high: ports.upperBound,
                protocols: rule.protocols,
                isPrivate: rule.isPrivate
            )
        }
        var merger = Merger()
        for index in indices {
            let rule = rules[Int(index)]
            merger.named = min(merger.named, index)
            if rule.isPrivate { merger.namedPrivate = min(merger.namedPrivate, index) }
            if rule.ports.isAny, rule.protocols == .all { merger.blanket = min(merger.blanket, index) }
        }
        merger.tcp = append(PortSpan.spans(of: indices, over: .tcp, in: rules))
        merger.udp = append(PortSpan.spans(of: indices, over: .udp, in: rules))
        mergers.append(merger)
        return .many(Int32(truncatingIfNeeded: mergers.count - 1))
    }

    private mutating func append(_ new: [PortSpan]) -> Range<Int32> {
        let start = Int32(truncatingIfNeeded: spans.count)
        spans += new
        return start..<Int32(truncatingIfNeeded: spans.count)
    }

    /// Adds what a claim says of a service to a match.
    @inline(__always)
    func read(_ claim: Int32, _ service: Service?, into match: inout Match) {
        switch claims[Int(claim)] {
        case .one(let rule, let low, let high, let protocols, let isPrivate):
            match.named = min(match.named, rule)
            if isPrivate { match.namedPrivate = min(match.namedPrivate, rule) }
            if low == 0, high == UInt16.max, protocols == .all { match.blanket = min(match.blanket, rule) }
            guard let service, low <= service.port, service.port <= high else { return }
            if protocols.contains(service.transport) {
                match.covering = min(match.covering, rule)
                if isPrivate { match.coveringPrivate = min(match.coveringPrivate, rule) }
            } else if !protocols.isEmpty {
                match.isOtherTransport = true
            }
        case .many(let place):
            read(mergers[Int(place)], service, into: &match)
        }
    }

    private func read(_ merger: Merger, _ service: Service?, into match: inout Match) {
        match.named = min(match.named, merger.named)
        match.namedPrivate = min(match.namedPrivate, merger.namedPrivate)
        match.blanket = min(match.blanket, merger.blanket)
        guard let service else { return }

        let isTCP = service.transport == .tcp
        if let span = span(service.port, in: isTCP ? merger.tcp : merger.udp) {
            match.covering = min(match.covering, span.rule)
            match.coveringPrivate = min(match.coveringPrivate, span.privateRule)
        } else if span(service.port, in: isTCP ? merger.udp : merger.tcp) != nil {
            match.isOtherTransport = true
        }
    }

    private func span(_ port: UInt16, in range: Range<Int32>) -> PortSpan? {
        var low = Int(range.lowerBound)
        var high = Int(range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            let span = spans[middle]
            if port < span.low {
                high = middle
            } else if port > span.high {
                low = middle + 1
            } else {
                return span
            }
        }
        return nil
    }
}
