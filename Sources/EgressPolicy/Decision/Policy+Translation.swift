// SPDX-License-Identifier: Apache-2.0

extension Policy {
    /// The IPv4 addresses that the network makes of an address, by its NAT64 prefixes; none for most.
    public func translations(of address: IPAddress) -> [IPv4Address] {
        guard case .v6(let outer) = address.canonical else { return [] }
        return translations(of: outer)
    }

    func translations(of address: IPv6Address) -> [IPv4Address] {
        translationPrefixes.isEmpty ? [] : translationPrefixes.compactMap { $0.embeddedIPv4(in: address) }
    }

    /// The class of an address in this network, and whether only a rule that spells it reaches it.
    ///
    /// What is translated is judged twice, by its own class and by that of what it stands for: metadata decides first, then
    /// what only an exact rule reaches, then whichever is not global. A public address in a prefix of public space stays
    /// global, or a network without IPv4 could not be used.
    func judge(_ address: IPAddress) -> (addressClass: AddressClass, needsExactRule: Bool) {
        let address = address.canonical
        func isStrict(_ addressClass: AddressClass) -> Bool {
            addressClass == .loopback || address.needsExactRule(as: addressClass)
        }
        var result = address.addressClass
        for inner in translations(of: address).map(\.addressClass) where inner != .global {
            let isOpen = result == .global || result == .embeddedIPv4
            if inner == .metadata || isOpen || (isStrict(inner) && !isStrict(result)) { result = inner }
        }
        return (result, address.needsExactRule(as: result))
    }
}
