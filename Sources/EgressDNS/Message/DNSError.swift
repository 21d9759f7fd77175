// SPDX-License-Identifier: Apache-2.0

/// Why bytes are not a DNS message, or text is not a DNS name.
///
/// Two errors are equal when their codes are; the offset is for people.
public struct DNSError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was wrong.
    public enum Code: String, Sendable, CaseIterable {
        /// The message ends inside a field.
        case truncated = "the message ends inside a field"
        /// The counts of the header promise more records than the bytes can hold.
        case impossibleCount = "the header promises more records than the message can hold"
        /// Bytes follow the last record that the header promised.
        case trailingBytes = "bytes follow the last record"
        /// A label type other than a plain label or a compression pointer (RFC 6891, section 5).
        case reservedLabel = "a label has a reserved type"
        /// A label is longer than 63 octets, or empty where it may not be.
        case badLabel = "a label is empty or longer than 63 octets"
        /// A name is longer than 255 octets on the wire (RFC 1035, section 2.3.4).
        case nameTooLong = "a name is longer than 255 octets"
        /// A compression pointer does not point backwards, points into the header, or is one of too many.
        case badPointer = "a compression pointer is not backwards or is one of too many"
        /// The data of a record does not fit its type or its length.
        case badRecordData = "the data of a record does not fit its type or length"
        /// An OPT record that is repeated, misplaced or not owned by the root (RFC 6891, section 6.1.1).
        case badOptions = "an OPT record is repeated, misplaced or malformed"
    }

    /// What was wrong.
    public var code: Code
    /// The octet at which it was noticed.
    public var offset: Int

    /// An error noticed at an octet of the input.
    public init(_ code: Code, at offset: Int = 0) {
        self.code = code
        self.offset = offset
    }

    /// A sentence for people.
    public var description: String { "\(code.rawValue) (octet \(offset))" }

    /// Whether the codes are the same.
    public static func == (a: DNSError, b: DNSError) -> Bool { a.code == b.code }

    /// Hashes the code.
    public func hash(into hasher: inout Hasher) { hasher.combine(code) }
}
