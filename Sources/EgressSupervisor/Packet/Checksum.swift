// SPDX-License-Identifier: Apache-2.0

/// The Internet checksum (RFC 1071): the ones' complement of the ones' complement sum of 16-bit words.
struct Checksum {
    private var sum: UInt64 = 0

    /// Adds bytes; an odd one at the end counts as the upper half of a word. Only the last call may add an odd number.
    mutating func add(_ bytes: some Collection<UInt8>) {
        var high = true
        for byte in bytes {
            sum &+= high ? UInt64(byte) << 8 : UInt64(byte)
            high.toggle()
        }
    }

    /// Adds a 16-bit word.
    mutating func add(_ word: UInt16) {
        sum &+= UInt64(word)
    }

    /// Adds the pseudo-header of a transport over IPv4 (RFC 9293, section 3.1) or IPv6 (RFC 8200, section 8.1).
    mutating func addPseudoHeader(
        source: some Collection<UInt8>,
        destination: some Collection<UInt8>,
        protocolNumber: UInt8,
        length: Int
    ) {
        add(source)
        add(destination)
        add(UInt16(protocolNumber))
        add(UInt16(truncatingIfNeeded: length >> 16))
        add(UInt16(truncatingIfNeeded: length))
    }

    /// The checksum.
    var value: UInt16 {
        var folded = sum
        while folded >> 16 != 0 { folded = (folded & 0xffff) + (folded >> 16) }
        return ~UInt16(truncatingIfNeeded: folded)
    }
}
