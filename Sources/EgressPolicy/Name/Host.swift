// SPDX-License-Identifier: Apache-2.0

/// A checked DNS name: lower case, without the root's dot, never an address.
///
/// Letters, digits and hyphens as in RFC 5890 (LDH), and underscores, which real names such as `_dmarc.example.com` use.
public struct Host: Hashable, Sendable {
    /// The name in lower-case ASCII, without a trailing dot.
    public let utf8: [UInt8]

    /// Checks and lower-cases a name; one trailing dot is dropped.
    ///
    /// - Throws: ``HostError`` for anything that is not one DNS name of at most 253 bytes in labels of at most 63
    ///   (RFC 1035, section 2.3.4), and for every text that some resolver would read as an address.
    public init(_ text: some StringProtocol) throws(HostError) {
        try self.init(utf8: text.utf8)
    }

    /// Checks and lower-cases the bytes of a name, as ``init(_:)`` does.
    public init(utf8 text: some Collection<UInt8>) throws(HostError) {
        // 253 and the root's dot; whatever is longer needs no reading.
        var bytes = Array(text.prefix(Self.maximumLength + 2))
        guard !bytes.isEmpty else { throw .empty }
        guard !text.contains(where: { $0 >= 0x80 }) else { throw .notASCII }
        if bytes.count <= Self.maximumLength + 1, bytes.last == Self.dot { bytes.removeLast() }
        guard !bytes.isEmpty else { throw .emptyLabel }
        guard bytes.count <= Self.maximumLength else { throw .tooLong }

        for index in bytes.indices where (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(bytes[index]) {
            bytes[index] |= 0x20
        }
        var last: ArraySlice<UInt8> = []
        for label in bytes.split(separator: Self.dot, omittingEmptySubsequences: false) {
            try Self.check(label)
            last = label
        }
        guard !Self.isNumber(last) else { throw .address }
        utf8 = bytes
    }

    /// The longest name in text form, in bytes, without the root's dot.
    public static let maximumLength = 253

    /// The longest label, in bytes.
    public static let maximumLabelLength = 63

    static let dot = UInt8(ascii: ".")

    private static func check(_ label: ArraySlice<UInt8>) throws(HostError) {
        guard let first = label.first, let last = label.last else { throw .emptyLabel }
        guard label.count <= maximumLabelLength else { throw .labelTooLong }
        for byte in label {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): continue
            case UInt8(ascii: "-"), UInt8(ascii: "_"): continue
            default: throw .invalidCharacter(Unicode.Scalar(byte))
            }
        }
        let hyphen = UInt8(ascii: "-")
        guard first != hyphen, last != hyphen else { throw .hyphenAtEdge }
    }

    /// The WHATWG URL standard's "ends in a number": some resolver reads the whole name as an IPv4 address.
    private static func isNumber(_ label: ArraySlice<UInt8>) -> Bool {
        if label.allSatisfy({ $0.decimalDigit != nil }) { return true }
        return label.starts(with: [UInt8(ascii: "0"), UInt8(ascii: "x")])
            && label.dropFirst(2).allSatisfy { $0.hexDigit != nil }
    }
}

extension Host {
    /// Whether this name stands strictly below another, as `a.example.com` below `example.com`.
    public func isBelow(_ parent: Host) -> Bool {
        let edge = utf8.count - parent.utf8.count - 1
        return edge > 0 && utf8[edge] == Self.dot && utf8[(edge + 1)...].elementsEqual(parent.utf8)
    }

    /// `localhost` and what is below it, which always mean the own loopback (RFC 6761, section 6.3).
    public var isLocalhost: Bool {
        let localhost = "localhost".utf8
        return utf8.elementsEqual(localhost)
            || utf8.count > localhost.count && utf8.reversed().starts(with: ".localhost".utf8.reversed())
    }
}

extension Host: CustomStringConvertible {
    /// The name as text.
    public var description: String { String(decoding: utf8, as: UTF8.self) }
}
