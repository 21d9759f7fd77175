// SPDX-License-Identifier: Apache-2.0

extension IPv6Address {
    /// The IPv4 address of `::ffff:a.b.c.d` (RFC 4291, section 2.5.5.2).
    public var mappedIPv4: IPv4Address? {
        high == 0 && low >> 32 == 0xffff ? IPv4Address(bits: UInt32(truncatingIfNeeded: low)) : nil
    }

    /// Every IPv4 address that a router or translator might take out of this one; the likeliest stands first.
    ///
    /// A network's own NAT64 prefix (RFC 6052) looks like any other address; see ``TranslationPrefix``.
    public var embeddedIPv4: [IPv4Address] {
        let tail = UInt32(truncatingIfNeeded: low)
        switch high {
        case 0 where low > 1:
            // Compatible ::/96 and mapped ::ffff:0:0/96 (RFC 4291), translated ::ffff:0:0:0/96 (RFC 2765).
            let prefix = low >> 32
            return prefix == 0 || prefix == 0xffff || prefix == 0xffff_0000 ? [IPv4Address(bits: tail)] : []
        case 0x0064_ff9b_0000_0000 where low >> 32 == 0:
            return [IPv4Address(bits: tail)]
        default:
            break
        }
        switch high >> 32 {
        case 0x0064_ff9b where high >> 16 & 0xffff == 1:
            return localTranslationCandidates
        case 0x2001_0000:
            // Teredo (RFC 4380, section 4): the client's address inverted at the end, the server's after the prefix.
            return [IPv4Address(bits: ~tail), IPv4Address(bits: UInt32(truncatingIfNeeded: high))]
        case 0x2002_0000...0x2002_ffff:
            return [IPv4Address(bits: UInt32(truncatingIfNeeded: high >> 16))]
        default:
            // ISATAP (RFC 5214, section 6.1): interface identifier 0:5efe or 200:5efe, then the address.
            return low >> 32 & ~0x0200_0000 == 0x5efe ? [IPv4Address(bits: tail)] : []
        }
    }

    /// 64:ff9b:1::/48 (RFC 8215) leaves the length of the prefix to the network: the layouts of RFC 6052, section 2.2.
    private var localTranslationCandidates: [IPv4Address] {
        var candidates: [IPv4Address] = []
        let whole = UInt128(high) << 64 | UInt128(low)
        // Bits 64 to 71 are skipped, and what follows the address is zero.
        if low >> 56 == 0 {
            for length in [48, 56, 64] where whole << UInt128(length + 40) == 0 {
                let left = 64 - UInt64(length)
                let head = UInt32(truncatingIfNeeded: high << (32 - left))
                let rest = UInt32(truncatingIfNeeded: (low << 8) >> 32) >> left
                candidates.append(IPv4Address(bits: head | rest))
            }
        }
        candidates.append(IPv4Address(bits: UInt32(truncatingIfNeeded: low)))
        return candidates
    }
}
