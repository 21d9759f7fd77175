// SPDX-License-Identifier: Apache-2.0

extension DNSName {
    /// Whether the names are the same octet by octet, the case of letters included.
    public func isSpelled(like other: DNSName) -> Bool { wire == other.wire }

    /// The name in lower case.
    public var lowercased: DNSName { DNSName(checkedWire: wire.map { Self.folded($0) }) }

    /// The name with the case of each ASCII letter drawn anew: one bit a letter that only those know who saw the question
    /// (draft-vixie-dnsext-dns0x20).
    func spelled(by draw: () -> UInt64) -> DNSName {
        var bits: UInt64 = 0
        var count = 0
        let spelled = wire.map { octet in
            // The octets before labels are at most 63 and so never letters.
            let folded = Self.folded(octet)
            guard (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(folded) else { return octet }
            if count == 0 { (bits, count) = (draw(), UInt64.bitWidth) }
            defer { (bits, count) = (bits >> 1, count - 1) }
            return bits & 1 == 0 ? folded : folded & ~0x20
        }
        return DNSName(checkedWire: spelled)
    }
}
