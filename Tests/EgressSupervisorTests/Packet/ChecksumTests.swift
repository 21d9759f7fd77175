// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import EgressSupervisor

struct ChecksumTests {
    @Test(arguments: [
        // RFC 1071, section 3: the words 0001 f203 f4f5 f6f7 add up to ddf2.
        ("00 01 f2 03 f4 f5 f6 f7", 0x220d as UInt16),
        // The IPv4 header of Wikipedia's article "Internet checksum"
        ("45 00 00 73 00 00 40 00 40 11 00 00 c0 a8 00 01 c0 a8 00 c7", 0xb861),
        // RFC 1071, section 4.1: an odd octet at the end is the upper half of a word.
        ("00 01 f2", 0x0dfe),
        ("", 0xffff),
        ("ff ff", 0x0000),
        ("ff ff ff ff 00 01", 0xfffe),
    ]) func `the checksum is that of RFC 1071`(_ octets: String, _ value: UInt16) {
        var checksum = Checksum()
        checksum.add(Sample.octets(octets))
        #expect(checksum.value == value)
    }

    @Test func `parts of even length can be added one by one`() {
        var random = SeededGenerator(seed: 1071)
        for _ in 0..<500 {
            let octets = random.bytes(random.below(300))
            let cut = random.below(octets.count / 2 + 1) * 2
            var checksum = Checksum()
            checksum.add(octets[..<cut])
            checksum.add(octets[cut...])
            #expect(checksum.value == ~UInt16(truncatingIfNeeded: wordSum(octets)) || wordSum(octets) == 0)
        }
    }

    @Test func `a packet of 64 KiB of ones does not overflow the sum`() {
        var checksum = Checksum()
        checksum.add([UInt8](repeating: 0xff, count: 65536))
        #expect(checksum.value == 0)
    }
}
