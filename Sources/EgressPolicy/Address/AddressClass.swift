// SPDX-License-Identifier: Apache-2.0

/// What kind of place an address names, after the IANA special-purpose registries.
public enum AddressClass: String, Sendable, CaseIterable {
    /// Ordinary public unicast: the only class that a name may resolve to without further consent.
    case global
    /// `0.0.0.0` and `::` (RFC 1122, RFC 4291); Linux connects them to the own loopback.
    case unspecified
    /// The rest of 0.0.0.0/8 (RFC 791).
    case thisNetwork
    /// 127.0.0.0/8 and `::1`.
    case loopback
    /// RFC 1918, unique local fc00::/7 (RFC 4193) and the old site-local fec0::/10 (RFC 3879).
    case privateUse
    /// 100.64.0.0/10, behind carrier-grade NAT (RFC 6598).
    case sharedAddressSpace
    /// 169.254.0.0/16 (RFC 3927) and fe80::/10 (RFC 4291).
    case linkLocal
    /// 192.0.0.0/24 (RFC 6890) and 2001::/23 (RFC 2928), but for the parts which are globally reachable.
    case protocolAssignment
    /// RFC 5737, RFC 3849 and RFC 9637.
    case documentation
    /// 198.18.0.0/15 (RFC 2544) and 2001:2::/48 (RFC 5180).
    case benchmarking
    /// 192.88.99.0/24, the withdrawn 6to4 relay anycast (RFC 7526).
    case relayAnycast
    /// 2001:10::/28, the withdrawn ORCHID identifiers (RFC 4843).
    case overlayIdentifier
    /// 100::/64 (RFC 6666) and the dummy prefix 100:0:0:1::/64 (RFC 9780).
    case discardOnly
    /// 5f00::/16 (RFC 9602).
    case segmentRouting
    /// 224.0.0.0/4 (RFC 5771) and ff00::/8 (RFC 4291).
    case multicast
    /// 255.255.255.255 (RFC 8190).
    case broadcast
    /// 240.0.0.0/4 (RFC 1112), and all of IPv6 that IANA has not handed out for unicast.
    case reserved
    /// An IPv6 form which carries a public IPv4 address: NAT64, 6to4, Teredo, ISATAP, v4-compatible.
    case embeddedIPv4
    /// A cloud's metadata or credential service, or an IPv6 form which carries its address.
    case metadata

    /// Whether only a rule that spells the very address reaches it, whatever else is allowed.
    ///
    /// Either a credential service, or a destination that no unicast rule can have meant.
    var needsExactRule: Bool {
        switch self {
        case .metadata, .multicast, .broadcast, .unspecified, .thisNetwork: true
        default: false
        }
    }
}

extension IPAddress {
    /// The class of the address, judged as ``canonical``.
    ///
    /// An IPv6 address which carries an IPv4 address has the class of what it carries, and never ``AddressClass/global``.
    public var addressClass: AddressClass {
        switch canonical {
        case .v4(let address): address.addressClass
        case .v6(let address): address.addressClass
        }
    }

    /// Whether only a rule that spells the very address reaches it: its class says so, or it would need a zone.
    var needsExactRule: Bool { needsExactRule(as: addressClass) }

    /// The same for an address that was found to be of some class.
    func needsExactRule(as addressClass: AddressClass) -> Bool {
        if case .v6 = canonical, addressClass == .linkLocal { return true }
        return addressClass.needsExactRule
    }
}

extension IPv4Address {
    var addressClass: AddressClass {
        if MetadataService.v4.contains(bits) { return .metadata }
        return SpecialPurpose.v4.first { bits & $0.mask == $0.bits }?.addressClass ?? .global
    }
}

extension IPv6Address {
    var addressClass: AddressClass {
        if MetadataService.v6.contains(self) { return .metadata }
        let embedded = embeddedIPv4
        if embedded.contains(where: { $0.addressClass == .metadata }) { return .metadata }

        let row = SpecialPurpose.v6.first { high & $0.highMask == $0.high && low & $0.lowMask == $0.low }
        let outer = row?.addressClass ?? .reserved
        guard let inner = embedded.first, outer == .global || outer == .embeddedIPv4 else { return outer }
        return inner.addressClass == .global ? .embeddedIPv4 : inner.addressClass
    }
}
