// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import EgressVault

struct HeaderTests {
    private func header(_ origin: VaultHeader.Origin = .keyFile, body: Int = 40) -> VaultHeader {
        VaultHeader(
            origin: origin,
            salt: Array(0..<32),
            keyID: Array(32..<48),
            generation: 0x0102_0304_0506_0708,
            bodySize: body,
            nonce: Array(48..<60)
        )
    }

    /// A file with bytes of its header set, and the checksum right again: what somebody without the key can make.
    private func forged(_ changes: [Int: UInt8], _ origin: VaultHeader.Origin = .keyFile) -> [UInt8] {
        var bytes = header(origin).bytes
        for (index, value) in changes { bytes[index] = value }
        return VaultHeader.withChecksum(Array(bytes[..<92])) + [UInt8](repeating: 0, count: 40)
    }

    @Test func `a header is read as it was written`() throws {
        for origin in [VaultHeader.Origin.keyFile, .passphrase(.standard)] {
            let header = header(origin)
            #expect(header.bytes.count == VaultHeader.size)
            #expect(try VaultHeader(readingFrom: header.bytes + [UInt8](repeating: 0, count: 40)) == header)
        }
        #expect(header().bytes[64..<72].elementsEqual(1...8))
        #expect(forged([:]) == header().bytes + [UInt8](repeating: 0, count: 40))
    }

    @Test(
        arguments: [
            (13, 1, false), (14, 1, true), (18, 1, true), (19, 1, false), (63, 1, false), (255, 255, false),
            (0, 0, false),
            (14, 0, false), (14, 4, true), (14, 5, false),
        ] as [(UInt8, UInt8, Bool)]
    )
    func `a forged header can't ask for more memory and time than a vault needs`(
        cost: UInt8,
        parallelization: UInt8,
        isRead: Bool
    ) throws {
        let file = forged([10: cost, 12: parallelization], .passphrase(.standard))
        if isRead {
            #expect(try VaultHeader(readingFrom: file).origin != .keyFile)
        } else {
            #expect(throws: VaultDamage.excessiveParameters) { try VaultHeader(readingFrom: file) }
        }
    }

    @Test(arguments: [7, 9, 0, 255] as [UInt8])
    func `another block size is not read`(size: UInt8) throws {
        let file = forged([11: size], .passphrase(.standard))
        #expect(throws: VaultDamage.excessiveParameters) { try VaultHeader(readingFrom: file) }
    }

    @Test(
        arguments: [[9: 0], [9: 3], [9: 1, 10: 17], [13: 1], [14: 1], [15: 1], [72: 255], [79: 15], [76: 1, 79: 1]]
            as [[Int: UInt8]]
    )
    func `what has no meaning is refused`(changes: [Int: UInt8]) throws {
        #expect(throws: VaultDamage.self) { try VaultHeader(readingFrom: forged(changes)) }
    }

    @Test func `a content whose lengths lie is refused and never read past its end`() throws {
        var content = VaultContent()
        for name in ["a", "b/c"] {
            _ = unsafe [UInt8](repeating: 1, count: 9).withUnsafeBytes { unsafe content.set(name, to: $0, at: 5) }
        }
        let encoded = try content.encoded()
        let bytes = unsafe encoded.withBytes { unsafe Array($0) }
        #expect(bytes.count == VaultContent.padding)
        for _ in 0..<20_000 {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...3) { changed[Int.random(in: 0..<70)] = .random(in: 0...255) }
            _ = try? unsafe changed.withUnsafeBytes {
                _ = try unsafe VaultContent(decoding: WipedBytes(copying: $0)).entries
            }
        }
        for length in 0..<60 {
            #expect(throws: VaultDamage.self, "\(length)") {
                _ = try unsafe bytes.prefix(length).withUnsafeBytes {
                    try unsafe VaultContent(decoding: WipedBytes(copying: $0)).entries
                }
            }
        }
    }
}
