// SPDX-License-Identifier: Apache-2.0

/// A domain name as the wire carries it: any octets in labels of 1 to 63, at most 255 octets in all (RFC 1035, section 3.1).
///
/// The spelling is kept; comparison ignores the case of ASCII letters (RFC 4343).
public struct DNSName: Hashable, Sendable {
    /// The uncompressed wire form, with the octet 0 of the root at its end.
    public let wire: [UInt8]

    /// The longest wire form (RFC 1035, section 2.3.4).
    public static let maximumLength = 255
    /// The longest label.
    public static let maximumLabelLength = 63
    /// The name of the root, `.`.
    public static let root = DNSName(checkedWire: [0])

    /// A wire form that the caller has checked.
    init(checkedWire wire: [UInt8]) { self.wire = wire }

    /// A name of the given labels, the root's empty one not among them.
    ///
    /// - Throws: ``DNSError/Code/badLabel`` or ``DNSError/Code/nameTooLong``.
    public init(labels: some Sequence<some Collection<UInt8>>) throws(DNSError) {
        var wire: [UInt8] = []
        for label in labels {
            guard (1...Self.maximumLabelLength).contains(label.count) else { throw DNSError(.badLabel, at: wire.count) }
            wire.append(UInt8(label.count))
            wire.append(contentsOf: label)
            guard wire.count < Self.maximumLength else { throw DNSError(.nameTooLong, at: wire.count) }
        }
        wire.append(0)
        self.wire = wire
    }

    /// A name from plain dotted text without escapes; one trailing dot is dropped, and `.` is the root.
    ///
    /// - Throws: ``DNSError/Code/badLabel`` or ``DNSError/Code/nameTooLong``.
    public init(_ text: String) throws(DNSError) {
        var octets = Array(text.utf8)
        if octets.last == UInt8(ascii: ".") { octets.removeLast() }
        guard !octets.isEmpty else {
            guard !text.isEmpty else { throw DNSError(.badLabel) }
            self = .root
            return
        }
        try self.init(labels: octets.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false))
    }

    /// Whether this is the root.
    public var isRoot: Bool { wire.count == 1 }

    /// The labels from left to right, without the root's empty one.
    public var labels: [ArraySlice<UInt8>] {
        var labels: [ArraySlice<UInt8>] = []
        var position = 0
        while position < wire.count, wire[position] != 0 {
            let end = position + 1 + Int(wire[position])
            labels.append(wire[(position + 1)..<end])
            position = end
        }
        return labels
    }

    /// Whether the names are the same but for the case of ASCII letters.
    public static func == (a: DNSName, b: DNSName) -> Bool {
        a.wire.count == b.wire.count && zip(a.wire, b.wire).allSatisfy { folded($0) == folded($1) }
    }

    /// Hashes the name in lower case.
    public func hash(into hasher: inout Hasher) {
        for octet in wire { hasher.combine(Self.folded(octet)) }
    }

    // The octets before labels are at most 63 and so never letters: folding the whole wire form is right.
    static func folded(_ octet: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(octet) ? octet | 0x20 : octet
    }
}

extension DNSName: CustomStringConvertible {
    /// The presentation form: `\.` and `\\` for a dot and a backslash in a label, `\DDD` for what is not printable ASCII
    /// (RFC 4343, section 2.1). Safe to print to a terminal.
    public var description: String {
        guard !isRoot else { return "." }
        return labels.map { $0.map(Self.escaped).joined() }.joined(separator: ".")
    }

    private static func escaped(_ octet: UInt8) -> String {
        switch octet {
        case UInt8(ascii: "."), UInt8(ascii: "\\"):
            return "\\" + String(UnicodeScalar(octet))
        case 0x21...0x7e:
            return String(UnicodeScalar(octet))
        default:
            let digits = String(octet)
            return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
        }
    }
}
