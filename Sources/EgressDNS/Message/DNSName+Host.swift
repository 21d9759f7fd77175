// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy

extension DNSName {
    /// The wire form of a host; every host has one.
    public init(_ host: Host) {
        // A Host has labels of 1 to 63 octets and at most 253 in all: it fits. Were that to change, the root would be
        // asked for, which has no address.
        self = (try? DNSName(labels: host.utf8.split(separator: UInt8(ascii: ".")))) ?? .root
    }

    /// The host that this names; nil when the name has other characters than a host may have, or looks like an address.
    ///
    /// A dot or a NUL inside of a label is no dot of the name: such labels are refused before the text is built.
    public var host: Host? {
        guard wire.count > 1 else { return nil }
        for label in labels where !label.allSatisfy(Self.isHostOctet) { return nil }
        return try? Host(utf8: Array(labels.joined(separator: [UInt8(ascii: ".")])))
    }

    private static func isHostOctet(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default:
            false
        }
    }
}
