// SPDX-License-Identifier: Apache-2.0

/// A set of ports, as sorted ranges that neither touch nor overlap.
public struct PortSet: Hashable, Sendable {
    // Nearly every rule has one range; it needs no array of its own.
    private let first: ClosedRange<UInt16>?
    private let rest: [ClosedRange<UInt16>]

    /// The ranges, lowest first.
    public var ranges: [ClosedRange<UInt16>] { first.map { [$0] + rest } ?? [] }

    /// Every port, as in a rule that names none.
    public static let any = PortSet(ranges: [0...UInt16.max])

    /// Makes the set of the given ports; of none, when there are none.
    public init(_ ports: some Sequence<UInt16>) {
        self.init(ranges: ports.map { $0...$0 })
    }

    /// Makes the union of ranges in any order.
    public init(ranges: some Sequence<ClosedRange<UInt16>>) {
        var merged: [ClosedRange<UInt16>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, Int(range.lowerBound) <= Int(last.upperBound) + 1 {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        first = merged.first
        rest = Array(merged.dropFirst())
    }

    /// Whether the set holds every port.
    public var isAny: Bool { first == 0...UInt16.max }

    /// The only range, when there is one.
    var soleRange: ClosedRange<UInt16>? { rest.isEmpty ? first : nil }

    /// Whether the set holds no port.
    public var isEmpty: Bool { first == nil }

    /// Whether a port is in the set.
    public func contains(_ port: UInt16) -> Bool {
        first?.contains(port) == true || rest.contains { $0.contains(port) }
    }

    /// The union with another set.
    public func union(_ other: PortSet) -> PortSet {
        PortSet(ranges: ranges + other.ranges)
    }
}

extension PortSet: ExpressibleByArrayLiteral {
    /// The set of the listed ports.
    public init(arrayLiteral ports: UInt16...) {
        self.init(ports)
    }
}

extension PortSet: CustomStringConvertible {
    /// The form in which rules write ports, such as `80,443,8000-8010`; `any` for every port.
    public var description: String {
        guard !isAny else { return "any" }
        return ranges.map { range in
            range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
        }
        .joined(separator: ",")
    }
}
