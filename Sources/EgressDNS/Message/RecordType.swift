// SPDX-License-Identifier: Apache-2.0

/// The type of a record or a question (IANA, DNS parameters).
public struct RecordType: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public var rawValue: UInt16

    /// The type of that number; every number is one.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// An IPv4 address.
    public static let a = RecordType(rawValue: 1)
    /// A name server.
    public static let ns = RecordType(rawValue: 2)
    /// The name that the owner is an alias of.
    public static let cname = RecordType(rawValue: 5)
    /// The start of a zone.
    public static let soa = RecordType(rawValue: 6)
    /// Anything at all.
    public static let null = RecordType(rawValue: 10)
    /// A name for an address.
    public static let ptr = RecordType(rawValue: 12)
    /// A mail exchange.
    public static let mx = RecordType(rawValue: 15)
    /// Text.
    public static let txt = RecordType(rawValue: 16)
    /// An IPv6 address (RFC 3596).
    public static let aaaa = RecordType(rawValue: 28)
    /// Where a service is (RFC 2782).
    public static let srv = RecordType(rawValue: 33)
    /// A rewriting rule (RFC 3403).
    public static let naptr = RecordType(rawValue: 35)
    /// EDNS (RFC 6891); never asked for.
    public static let opt = RecordType(rawValue: 41)
    /// A child zone's key (RFC 4034).
    public static let ds = RecordType(rawValue: 43)
    /// The fingerprint of an SSH key (RFC 4255).
    public static let sshfp = RecordType(rawValue: 44)
    /// A zone's key (RFC 4034).
    public static let dnskey = RecordType(rawValue: 48)
    /// The certificate of a TLS server (RFC 6698).
    public static let tlsa = RecordType(rawValue: 52)
    /// How to reach a service (RFC 9460).
    public static let svcb = RecordType(rawValue: 64)
    /// How to reach an HTTP service (RFC 9460).
    public static let https = RecordType(rawValue: 65)
    /// The changes of a zone (RFC 1995).
    public static let ixfr = RecordType(rawValue: 251)
    /// A whole zone (RFC 5936).
    public static let axfr = RecordType(rawValue: 252)
    /// All types (RFC 8482).
    public static let any = RecordType(rawValue: 255)
    /// A URI (RFC 7553).
    public static let uri = RecordType(rawValue: 256)
    /// Who may issue certificates (RFC 8659).
    public static let caa = RecordType(rawValue: 257)

    private static let mnemonics: [(String, RecordType)] = [
        ("A", .a), ("NS", .ns), ("CNAME", .cname), ("SOA", .soa), ("NULL", .null), ("PTR", .ptr), ("MX", .mx),
        ("TXT", .txt), ("AAAA", .aaaa), ("SRV", .srv), ("NAPTR", .naptr), ("OPT", .opt), ("DS", .ds),
        ("SSHFP", .sshfp), ("DNSKEY", .dnskey), ("TLSA", .tlsa), ("SVCB", .svcb), ("HTTPS", .https),
        ("IXFR", .ixfr), ("AXFR", .axfr), ("ANY", .any), ("URI", .uri), ("CAA", .caa),
    ]

    /// The type of a mnemonic as `TXT`, or of the form `TYPE65535` (RFC 3597, section 5); letters in any case.
    public init?(_ name: String) {
        let name = name.uppercased()
        if let known = Self.mnemonics.first(where: { $0.0 == name }) {
            self = known.1
        } else if name.hasPrefix("TYPE"), let number = UInt16(name.dropFirst(4)), name == "TYPE\(number)" {
            self.init(rawValue: number)
        } else {
            return nil
        }
    }

    /// Whether the type holds addresses: A or AAAA.
    public var isAddress: Bool { self == .a || self == .aaaa }

    /// Whether the type is for questions and transport only: OPT and the range 128 to 255 (RFC 6895, section 3.1).
    public var isMeta: Bool { self == .opt || (128...255).contains(rawValue) }
}

extension RecordType: CustomStringConvertible {
    /// The mnemonic, or `TYPE` and the number.
    public var description: String {
        Self.mnemonics.first { $0.1 == self }?.0 ?? "TYPE\(rawValue)"
    }
}
