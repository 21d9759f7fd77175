// SPDX-License-Identifier: Apache-2.0

/// Finds the claims on a name and on every name above it in one pass from its end.
///
/// A hash is carried over the bytes from right to left; at each dot it is the hash of the suffix behind. An open
/// table maps hashes to entries, whose bytes are compared before they count. Suffixes with more labels than any rule
/// has are not looked up, so a name of 127 labels costs little more than a short one.
struct NameIndex: Sendable {
    private struct Entry {
        let own: Int32
        let below: Int32
    }

    /// The upper half of a hash, and in the lower half the place of the entry plus one; 0 is free.
    private var slots: [UInt64]

    /// The entries, one after the other so that each costs one cache line: the two claims, the length of the name, and
    /// its bytes in words.
    private var words: [UInt64] = []

    private var deepest = 0

    init(own: [Host: [Int32]], below: [Host: [Int32]], claim: ([Int32]) -> Int32) {
        let count = own.count + below.count
        var size = 2
        while size < 2 * count { size *= 2 }
        slots = Array(repeating: 0, count: size)
        words.reserveCapacity(5 * count)

        for (host, rules) in own {
            let claims = claim(rules)
            let rulesBelow = below[host]
            let claimsBelow = rulesBelow.map { $0 == rules ? claims : claim($0) }
            insert(host, own: claims, below: claimsBelow ?? Self.none)
        }
        for (host, rules) in below where own[host] == nil {
            insert(host, own: Self.none, below: claim(rules))
        }
    }

    private static let none: Int32 = -1

    private mutating func insert(_ host: Host, own: Int32, below: Int32) {
        var hash = NameHash()
        for byte in host.utf8.reversed() { hash.combine(byte) }
        var slot = hash.slot(among: slots.count)
        while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = hash.tag | UInt64(words.count + 1)

        let name = host.utf8.span
        words.append(UInt64(UInt32(bitPattern: own)) << 32 | UInt64(UInt32(bitPattern: below)))
        words.append(UInt64(name.count))
        for start in stride(from: 0, to: name.count, by: 8) { words.append(Self.word(of: name, at: start)) }
        if below != Self.none {
            deepest = max(deepest, host.utf8.reduce(1) { $1 == Host.dot ? $0 + 1 : $0 })
        }
    }

    /// Calls a body with each claim that either index has on a name; both share the one pass over its bytes.
    @inline(__always)
    static func visit(
        _ host: Host,
        _ first: NameIndex,
        _ second: NameIndex,
        ofFirst: (Int32) -> Void,
        ofSecond: (Int32) -> Void
    ) {
        let name = host.utf8.span
        let deepest = max(first.deepest, second.deepest)
        var hash = NameHash()
        var depth = 0
        var index = name.count
        while index > 0 {
            index -= 1
            let byte = name[index]
            if byte == Host.dot {
                depth += 1
                if depth <= deepest {
                    let start = index + 1
                    if let entry = first.find(name, from: start, hash), entry.below != none { ofFirst(entry.below) }
                    if let entry = second.find(name, from: start, hash), entry.below != none { ofSecond(entry.below) }
                }
            }
            hash.combine(byte)
        }
        if let entry = first.find(name, from: 0, hash), entry.own != none { ofFirst(entry.own) }
        if let entry = second.find(name, from: 0, hash), entry.own != none { ofSecond(entry.own) }
    }

    private func find(_ name: Span<UInt8>, from start: Int, _ hash: NameHash) -> Entry? {
        var slot = hash.slot(among: slots.count)
        while slots[slot] != 0 {
            if slots[slot] & NameHash.tagMask == hash.tag {
                let place = Int(slots[slot] & ~NameHash.tagMask) - 1
                if isSame(place, name, from: start) {
                    let claims = words[place]
                    return Entry(
                        own: Int32(truncatingIfNeeded: claims >> 32),
                        below: Int32(truncatingIfNeeded: claims)
                    )
                }
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private func isSame(_ place: Int, _ name: Span<UInt8>, from start: Int) -> Bool {
        guard words[place + 1] == UInt64(name.count - start) else { return false }
        var place = place + 2
        for index in stride(from: start, to: name.count, by: 8) {
            guard words[place] == Self.word(of: name, at: index) else { return false }
            place += 1
        }
        return true
    }

    /// Up to eight bytes of a name as one number.
    private static func word(of name: Span<UInt8>, at start: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in start..<min(start + 8, name.count) { word = word << 8 | UInt64(name[index]) }
        return word
    }
}

/// The FNV-1a hash, with a stronger last step.
///
/// Not keyed: the table holds the policy's own names, so whoever chooses the names to look up cannot grow its chains.
private struct NameHash {
    private var value: UInt64 = 0xcbf2_9ce4_8422_2325

    static let tagMask: UInt64 = 0xffff_ffff_0000_0000

    mutating func combine(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }

    /// The upper 32 bits.
    var tag: UInt64 { value & Self.tagMask }

    /// The first place to look in a table whose size is a power of two.
    func slot(among count: Int) -> Int {
        let mixed = (value ^ value >> 32) &* 0x9e37_79b9_7f4a_7c15
        return Int(truncatingIfNeeded: mixed >> 32) & (count - 1)
    }
}
