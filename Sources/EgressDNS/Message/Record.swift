// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy

/// A resource record (RFC 1035, section 3.2.1).
public struct Record: Hashable, Sendable {
    /// The owner.
    public var name: DNSName
    /// The class; 1 is the Internet.
    public var recordClass: UInt16
    /// Seconds to live as the wire has them; see ``Record/lifetime``.
    public var ttl: UInt32
    /// The type and the data.
    public var data: RecordData

    /// A record of the Internet class unless told otherwise.
    public init(name: DNSName, recordClass: UInt16 = Question.internetClass, ttl: UInt32, data: RecordData) {
        self.name = name
        self.recordClass = recordClass
        self.ttl = ttl
        self.data = data
    }

    /// Seconds to live; a value with the top bit set counts as 0 (RFC 2181, section 8).
    public var lifetime: UInt32 { ttl > UInt32(Int32.max) ? 0 : ttl }
}

/// The data of a record, with its type.
///
/// The types whose data may hold compressed names (RFC 3597, section 4) are taken apart, so that a record can be moved to
/// another message; every other type is opaque octets.
public enum RecordData: Hashable, Sendable {
    /// A: an IPv4 address.
    case a(IPv4Address)
    /// AAAA: an IPv6 address (RFC 3596).
    case aaaa(IPv6Address)
    /// NS: a name server.
    case ns(DNSName)
    /// CNAME: the owner is an alias of this name.
    case cname(DNSName)
    /// PTR: a name for an address.
    case ptr(DNSName)
    /// SOA: the start of a zone.
    case soa(StartOfAuthority)
    /// MX: preference and mail exchange.
    case mx(UInt16, DNSName)
    /// SRV: priority, weight, port, target (RFC 2782).
    case srv(UInt16, UInt16, UInt16, DNSName)
    /// Any other type, or any type outside the Internet class.
    case opaque(RecordType, [UInt8])

    /// The type of the record.
    public var type: RecordType {
        switch self {
        case .a: .a
        case .aaaa: .aaaa
        case .ns: .ns
        case .cname: .cname
        case .ptr: .ptr
        case .soa: .soa
        case .mx: .mx
        case .srv: .srv
        case .opaque(let type, _): type
        }
    }

    /// The same with its names in lower case.
    ///
    /// A server that compresses names tells them in the spelling of the question, which was drawn for that one question.
    var lowercased: RecordData {
        switch self {
        case .ns(let name): .ns(name.lowercased)
        case .cname(let name): .cname(name.lowercased)
        case .ptr(let name): .ptr(name.lowercased)
        case .mx(let preference, let name): .mx(preference, name.lowercased)
        case .srv(let priority, let weight, let port, let name): .srv(priority, weight, port, name.lowercased)
        case .a, .aaaa, .soa, .opaque: self
        }
    }

    /// The address of an A or AAAA record.
    public var address: IPAddress? {
        switch self {
        case .a(let address): .v4(address)
        case .aaaa(let address): .v6(address)
        default: nil
        }
    }
}

/// The data of an SOA record (RFC 1035, section 3.3.13).
public struct StartOfAuthority: Hashable, Sendable {
    /// The primary server.
    public var primary: DNSName
    /// The mailbox of who is responsible.
    public var mailbox: DNSName
    /// The serial number of the zone.
    public var serial: UInt32
    /// Seconds between refreshes.
    public var refresh: UInt32
    /// Seconds before a failed refresh is tried again.
    public var retry: UInt32
    /// Seconds after which the zone is no longer authoritative.
    public var expire: UInt32
    /// Seconds for which a negative answer may be kept (RFC 2308, section 4).
    public var minimum: UInt32

    /// The data with all its fields.
    public init(
        primary: DNSName,
        mailbox: DNSName,
        serial: UInt32,
        refresh: UInt32,
        retry: UInt32,
        expire: UInt32,
        minimum: UInt32
    ) {
        self.primary = primary
        self.mailbox = mailbox
        self.serial = serial
        self.refresh = refresh
        self.retry = retry
        self.expire = expire
        self.minimum = minimum
    }
}
