// SPDX-License-Identifier: Apache-2.0

import EgressRequests
import EgressVault
import Testing

struct FileVaultTests {
    let folder: Folder

    init() throws { folder = try Folder() }

    @Test func `what was set is got, until it is set again or removed`() throws {
        let vault = try folder.makeVault()
        #expect(try vault.set("github/token", "one"))
        #expect(try vault.set("a", "two"))
        #expect(try folder.vault().text("github/token") == "one")
        #expect(try !vault.set("github/token", "three"))
        #expect(try folder.vault().text("github/token") == "three")
        #expect(try vault.list().map(\.name) == ["a", "github/token"])
        try vault.remove("a")
        #expect(throws: VaultError.noSecret("a")) { try vault.text("a") }
        #expect(throws: VaultError.noSecret("a")) { try vault.remove("a") }
        #expect(try vault.text("github/token") == "three")
    }

    @Test func `a value may be any bytes, and as long as a vault takes`() throws {
        let vault = try folder.makeVault()
        let all = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        _ = try vault.set("all", to: Secret(copying: all))
        #expect(try vault.value(of: "all").withBytes { bytes in bytes.indices.allSatisfy { bytes[$0] == all[$0] } })
        #expect(throws: VaultError.valueTooLong) { try vault.set("all", to: Secret(copying: all + [0])) }
        #expect(throws: VaultError.emptyValue) { try vault.set("all", "") }
    }

    @Test(arguments: [
        "", "..", "a/../b", "/a", "a//b", "a b", "a\n", "a#b", "\u{e9}", String(repeating: "a", count: 129),
    ])
    func `what no reference can name is no name`(name: String) throws {
        let vault = try folder.makeVault()
        #expect(throws: VaultError.badName) { try vault.set(name, "x") }
    }

    @Test(arguments: ["a", "A.b_c-9", "team/ci/token", String(repeating: "a", count: 128)])
    func `what a reference can name is a name`(name: String) throws {
        #expect(try folder.makeVault().set(name, "x"))
    }

    @Test func `a vault that is there is not made again`() throws {
        let before = try folder.makeVault().set("a", "x")
        let bytes = try folder.bytes("vault"), key = try folder.bytes("vault.key")
        #expect(before)
        #expect(throws: VaultError.exists(folder.vaultPath)) { try folder.makeVault() }
        #expect(try folder.bytes("vault") == bytes)
        #expect(try folder.bytes("vault.key") == key)
    }

    @Test func `a key file that is there is used`() throws {
        let key = [UInt8](repeating: 7, count: 32)
        try folder.write("vault.key", key)
        _ = try folder.makeVault().set("a", "x")
        #expect(try folder.bytes("vault.key") == key)
        #expect(try folder.vault().text("a") == "x")
    }

    @Test func `without a vault every use says so`() throws {
        let vault = folder.vault()
        #expect(throws: VaultError.noVault(folder.vaultPath)) { try vault.list() }
        #expect(throws: VaultError.noVault(folder.vaultPath)) { try vault.set("a", "x") }
        #expect(throws: VaultError.noVault(folder.path + "/none/vault")) {
            try FileVault(path: folder.path + "/none/vault", key: .file(folder.keyPath)).list()
        }
        #expect(folder.names == [])
    }

    @Test func `a reference is resolved, and one with a field is not`() async throws {
        let vault = try folder.makeVault()
        _ = try vault.set("a", "x")
        let value = try await vault.resolve(SecretReference("vault:a")).text
        #expect(value == "x")
        let missing = try SecretReference("vault:b"), field = try SecretReference("vault:a#f")
        await #expect(throws: SecretResolverError.notFound(missing)) { _ = try await vault.resolve(missing) }
        let error = await #expect(throws: SecretResolverError.self) { _ = try await vault.resolve(field) }
        #expect(error.map(String.init(describing:))?.contains("no fields") == true)
    }

    @Test func `the size of the file does not tell that of a short value`() throws {
        let vault = try folder.makeVault()
        _ = try vault.set("a", "x")
        let size = try folder.bytes("vault").count
        _ = try vault.set("a", String(repeating: "x", count: 500))
        #expect(try folder.bytes("vault").count == size)
    }

    @Test func `nothing of a write repeats`() throws {
        let vault = try folder.makeVault()
        _ = try vault.set("a", "x")
        let first = try folder.bytes("vault")
        _ = try vault.set("a", "x")
        let second = try folder.bytes("vault")
        #expect(first[80..<92] != second[80..<92])
        let same = zip(first[108...], second[108...]).count { $0 == $1 }
        // Of 1040 bytes about 4 are the same by chance.
        #expect(same < 60)
    }
}
