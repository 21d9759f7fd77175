// SPDX-License-Identifier: Apache-2.0

/// What all rules with the same target say together.
struct Claim {
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

/// The claims of one list of rules; their port spans lie in one array.
struct ClaimTable: Sendable {
    private var claims: [Claim] = []
    private var spans: [PortSpan] = []

    /// Merges rules that have the same target, given by their places in ascending order.
    mutating func add(_ indices: [Int32], of rules: [Rule]) -> Int32 {
        var claim = Claim()
        for index in indices {
            let rule = rules[Int(index)]
            claim.named = min(claim.named, index)
            if rule.isPrivate { claim.namedPrivate = min(claim.namedPrivate, index) }
            if rule.ports.isAny, rule.protocols == .all { claim.blanket = min(claim.blanket, index) }
        }
        claim.tcp = append(PortSpan.spans(of: indices, over: .tcp, in: rules))
        let isSame = indices.allSatisfy { [.all, []].contains(rules[Int($0)].protocols) }
        claim.udp = isSame ? claim.tcp : append(PortSpan.spans(of: indices, over: .udp, in: rules))
        claims.append(claim)
        return Int32(truncatingIfNeeded: claims.count - 1)
    }

    private mutating func append(_ new: [PortSpan]) -> Range<Int32> {
        let start = Int32(truncatingIfNeeded: spans.count)
        spans += new
        return start..<Int32(truncatingIfNeeded: spans.count)
    }

    /// Adds what a claim says of a service to a match.
    @inline(__always)
    func read(_ claim: Int32, _ service: Service?, into match: inout Match) {
        let claim = claims[Int(claim)]
        match.named = min(match.named, claim.named)
        match.namedPrivate = min(match.namedPrivate, claim.namedPrivate)
        match.blanket = min(match.blanket, claim.blanket)
        guard let service else { return }

        let isTCP = service.transport == .tcp
        if let span = span(service.port, in: isTCP ? claim.tcp : claim.udp) {
            match.covering = min(match.covering, span.rule)
            match.coveringPrivate = min(match.coveringPrivate, span.privateRule)
        } else if span(service.port, in: isTCP ? claim.udp : claim.tcp) != nil {
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
