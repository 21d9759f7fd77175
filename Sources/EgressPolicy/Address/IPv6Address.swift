// SPDX-License-Identifier: Apache-2.0

/// An IPv6 address without a zone, held as two numbers in host order.
public struct IPv6Address: Hashable, Sendable {
    /// The network half, the first 64 bits.
    public var high: UInt64

    /// The interface half, the last 64 bits.
    public var low: UInt64

    /// Makes the address of two halves in host order.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads the text forms of RFC 4291, section 2.2: full, with `::`, and with a dotted quad at the end.
    ///
    /// Returns `nil` for everything else; a zone (`%eth0`) is not part of an address and never accepted.
    public init?(_ text: some StringProtocol) {
        var reader = Reader(text.utf8)
        var groups: [UInt16] = []
        var gap: Int?

        if reader.skip(":") {
            guard reader.skip(":") else { return nil }
            gap = 0
        }
        while !reader.isAtEnd {
            if let quad = reader.readQuad() {
                groups += [UInt16(truncatingIfNeeded: quad >> 16), UInt16(truncatingIfNeeded: quad)]
                break
            }
            guard groups.count < 8, let group = reader.readGroup() else { return nil }
            groups.append(group)
            guard !reader.isAtEnd else { break }
            guard reader.skip(":"), !reader.isAtEnd else { return nil }
            if reader.skip(":") {
                guard gap == nil else { return nil }
                gap = groups.count
            }
        }
        guard reader.isAtEnd else { return nil }

        if let gap {
            // RFC 4291: "::" stands for one or more groups.
            guard groups.count < 8 else { return nil }
            groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
        }
        guard groups.count == 8 else { return nil }
        high = groups[..<4].reduce(0) { $0 << 16 | UInt64($1) }
        low = groups[4...].reduce(0) { $0 << 16 | UInt64($1) }
    }
}

extension IPv6Address: Comparable {
    /// Orders addresses as numbers.
    public static func < (left: IPv6Address, right: IPv6Address) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension IPv6Address: CustomStringConvertible {
    /// The one form of RFC 5952: lower case, no leading zeros, the first longest run of zeros as `::`.
    ///
    /// Only v4-mapped addresses end in a dotted quad (section 5).
    public var description: String {
        if let mapped = mappedIPv4 { return "::ffff:\(mapped)" }
        let groups = self.groups
        let gap = longestZeroRun(in: groups)
        var text = ""
        var index = 0
        while index < 8 {
            if index == gap.lowerBound, !gap.isEmpty {
                text += "::"
                index = gap.upperBound
                continue
            }
            if index > 0, index != gap.upperBound || gap.isEmpty { text += ":" }
            text += String(groups[index], radix: 16)
            index += 1
        }
        return text
    }

    private var groups: [UInt16] {
        [high, low].flatMap { half in
            [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: half >> UInt64($0)) }
        }
    }

    /// The first longest run of two or more zero groups (RFC 5952, sections 4.2.2 and 4.2.3), or an empty range.
    private func longestZeroRun(in groups: [UInt16]) -> Range<Int> {
        var best = 0..<0
        var start = 0
        for index in 0..<8 {
            if groups[index] != 0 {
                start = index + 1
            } else if index + 1 - start > max(best.count, 1) {
                best = start..<index + 1
            }
        }
        return best
    }
}
