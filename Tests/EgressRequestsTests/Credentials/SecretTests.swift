// SPDX-License-Identifier: Apache-2.0

import EgressRequests
import Testing

@Suite struct SecretTests {
    @Test(arguments: [0, 1, 5, 4096])
    func `a secret lends what it was given`(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let secret = Secret(copying: bytes)
        #expect(secret.count == count)
        let lent = secret.withBytes { span in span.indices.map { span[$0] } }
        #expect(lent == bytes)
    }

    @Test func `a secret is told as redacted`() {
        let secret = Secret(copying: Array("canary".utf8))
        #expect(secret.description == "<redacted>")
        #expect(secret.debugDescription == "<redacted>")
    }

    @Test func `a body's error passes through`() {
        struct Stop: Error {}
        let secret = Secret(copying: [1])
        #expect(throws: Stop.self) { try secret.withBytes { _ throws(Stop) in throw Stop() } }
    }

    @Test func `the memory is wiped when the owner goes`() {
        // What the allocator hands out again is the freed block: without wiping, it would still hold the middle of the value.
        let pattern = [UInt8](repeating: 0xa7, count: 100_000)
        var survivors = 0
        for _ in 0..<50 {
            do { _ = Secret(copying: pattern) }
            let block = UnsafeMutableRawBufferPointer.allocate(byteCount: pattern.count, alignment: 1)
            defer { unsafe block.deallocate() }
            survivors += unsafe block[1000..<90_000].count { $0 == 0xa7 }
        }
        // Uninitialized memory may hold such a byte by chance, but not a run of the value.
        #expect(survivors < 50 * 1000)
    }
}
