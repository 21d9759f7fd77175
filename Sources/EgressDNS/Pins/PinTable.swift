// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy

/// Which addresses an allowed name has been resolved to, and until when that counts.
///
/// The gate asks ``names(for:at:)`` for every connection; the resolver adds pins. Both directions cost a hash lookup and
/// the pins found. Times are nanoseconds of one monotonic clock. An IPv4 address and its mapped IPv6 form are one.
/// Nothing is pushed out: a full table refuses, so that an address told to the worker is never forgotten early.
public struct PinTable: Sendable {
    /// How much a table holds.
    public struct Limits: Sendable, Equatable {
        /// All pins.
        public var pins: Int
        /// Names that share an address; each costs the gate a rule lookup.
        public var namesPerAddress: Int
        /// Addresses that a name has collected from rotating answers.
        public var addressesPerName: Int

        /// Room for many busy tools: 16,384 pins, 256 names for an address, 1,024 addresses of a name.
        public init(pins: Int = 16_384, namesPerAddress: Int = 256, addressesPerName: Int = 1024) {
            self.pins = pins
            self.namesPerAddress = namesPerAddress
            self.addressesPerName = addressesPerName
        }
    }

    private struct Key: Hashable {
        var name: Host
        var address: IPAddress
    }

    private let limits: Limits
    private var byAddress: [IPAddress: [Host: UInt64]] = [:]
    private var byName: [Host: Set<IPAddress>] = [:]
    /// One entry for each pin; its time may be earlier than the pin's when that was extended.
    private var expiries = ExpiryQueue<Key>()

    /// An empty table.
    public init(limits: Limits = Limits()) { self.limits = limits }

    /// How many pins are held, those that have expired but were not yet removed among them.
    public var count: Int { expiries.count }

    /// Pins an address to a name; see ``pin(name:addresses:until:)``.
    public mutating func pin(name: Host, address: IPAddress, until: UInt64) -> Bool {
        pin(name: name, addresses: [address], until: until)
    }

    /// Pins addresses to a name until a time, or leaves the table as it was and answers false when one has no room.
    ///
    /// A pin that exists is extended, never shortened.
    public mutating func pin(name: Host, addresses: [IPAddress], until: UInt64) -> Bool {
        let addresses = Set(addresses.map(\.canonical))
        let known = byName[name] ?? []
        let fresh = addresses.subtracting(known)
        guard
            count + fresh.count <= limits.pins,
            known.count + fresh.count <= limits.addressesPerName,
            fresh.allSatisfy({ (byAddress[$0]?.count ?? 0) < limits.namesPerAddress })
        else { return false }

        for address in addresses {
            let old = byAddress[address]?[name]
            byAddress[address, default: [:]][name] = max(old ?? 0, until)
            guard old == nil else { continue }
            byName[name, default: []].insert(address)
            expiries.insert(Key(name: name, address: address), due: until)
        }
        return true
    }

    /// The names that an address is pinned to, sorted; empty when it is not pinned.
    public func names(for address: IPAddress, at now: UInt64) -> [Host] {
        guard let names = byAddress[address.canonical] else { return [] }
        return names.filter { $0.value > now }.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The addresses that are pinned to a name, in no particular order.
    public func addresses(of name: Host, at now: UInt64) -> [IPAddress] {
        (byName[name] ?? []).filter { (byAddress[$0]?[name] ?? 0) > now }
    }

    /// Until when an address is pinned to a name; nil when it is not, or no longer.
    public func expiry(of address: IPAddress, for name: Host, at now: UInt64) -> UInt64? {
        byAddress[address.canonical]?[name].flatMap { $0 > now ? $0 : nil }
    }

    /// Removes the pins that have expired; costs time for those only.
    public mutating func expire(at now: UInt64) {
        while let key = expiries.pop(dueAt: now) {
            guard let until = byAddress[key.address]?[key.name] else { continue }
            guard until <= now else {
                expiries.insert(key, due: until)
                continue
            }
            remove(key)
        }
    }

    private mutating func remove(_ key: Key) {
        byAddress[key.address]?[key.name] = nil
        if byAddress[key.address]?.isEmpty == true { byAddress[key.address] = nil }
        byName[key.name]?.remove(key.address)
        if byName[key.name]?.isEmpty == true { byName[key.name] = nil }
    }
}
