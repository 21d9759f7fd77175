// SPDX-License-Identifier: Apache-2.0

import EgressVault
import Testing

struct TamperTests {
    let folder: Folder
    let whole: [UInt8]

    init() throws {
        folder = try Folder()
        _ = try folder.makeVault().set("name-of-it", "x")
        whole = try folder.bytes("vault")
    }

    private func damage(_ bytes: [UInt8]) throws -> VaultDamage? {
        try folder.write("vault", bytes)
        do {
            _ = try folder.vault().list()
            return nil
        } catch {
            guard case .damaged(_, let damage) = error else { throw error }
            return damage
        }
    }

    @Test func `a vault that was cut is not opened, wherever it was cut`() throws {
        for length in 0..<whole.count {
            let damage = try damage(Array(whole.prefix(length)))
            #expect(damage == (length < 8 ? .notAVault : .truncated), "\(length) bytes")
        }
        #expect(try damage(whole) == nil)
        #expect(try damage(whole + [0]) == .changed)
    }

    @Test func `no bit can be another`() throws {
        for index in whole.indices {
            for bit in index < 110 || index % 16 == 0 ? 0..<8 : 0..<1 {
                var bytes = whole
                bytes[index] ^= 1 << bit
                let damage = try damage(bytes)
                let expected: VaultDamage =
                    switch index {
                    case 0..<8: .notAVault
                    case 8: .unknownVersion(bytes[8])
                    default: .changed
                    }
                #expect(damage == expected, "bit \(bit) of byte \(index)")
            }
        }
    }

    @Test func `the header and what follows it belong together`() throws {
        _ = try folder.vault().set("name-of-it", "y")
        let later = try folder.bytes("vault")
        #expect(try damage(Array(whole[..<108] + later[108...])) == .changed)
        #expect(try damage(Array(later[..<108] + whole[108...])) == .changed)
        #expect(try damage(later) == nil)
    }

    @Test func `the vault of another key is told apart`() throws {
        let other = try Folder()
        _ = try other.makeVault().set("a", "z")
        try folder.write("vault", try other.bytes("vault"))
        #expect(throws: VaultError.wrongKey(folder.vaultPath)) { try folder.vault().list() }
    }

    @Test func `an empty file and noise are no vaults`() throws {
        #expect(try damage([]) == .notAVault)
        #expect(try damage((0..<5000).map { _ in UInt8.random(in: 0...255) }) == .notAVault)
    }
}
