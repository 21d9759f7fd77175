// SPDX-License-Identifier: Apache-2.0

import EgressRequests
import EgressVault
import Testing

struct RotationTests {
    let folder: Folder
    let vault: FileVault

    init() throws {
        folder = try Folder()
        vault = try folder.makeVault()
        _ = try vault.set("a", "x")
    }

    private func passphrase(_ text: String) -> VaultKey { .passphrase(Secret(copying: Array(text.utf8))) }

    @Test func `a new key file opens the vault, and the old one no copy of it from after`() throws {
        let oldVault = try folder.bytes("vault"), oldKey = try folder.bytes("vault.key")
        _ = try vault.rotate(to: .file(folder.keyPath))
        #expect(try folder.bytes("vault.key") != oldKey)
        #expect(try folder.vault().text("a") == "x")
        #expect(folder.names == ["vault", "vault.key", "vault.key.lock", "vault.lock"])
        try folder.write("old.key", oldKey)
        let withOld = FileVault(path: folder.vaultPath, key: .file(folder.path + "/old.key"))
        #expect(throws: VaultError.wrongKey(folder.vaultPath)) { try withOld.list() }
        // A copy of the vault from before is told apart, rather than being taken for damaged.
        try folder.write("vault", oldVault)
        #expect(throws: VaultError.wrongKey(folder.vaultPath)) { try folder.vault().list() }
    }

    @Test func `a passphrase takes over and gives back`() throws {
        let other = try vault.rotate(to: passphrase("correct horse"))
        #expect(try FileVault.kind(ofVaultAt: folder.vaultPath) == .passphrase)
        #expect(try other.text("a") == "x")
        let wrong = FileVault(path: folder.vaultPath, key: passphrase("correct hors"))
        #expect(throws: VaultError.wrongKey(folder.vaultPath)) { try wrong.text("a") }
        #expect(throws: VaultError.needsPassphrase(folder.vaultPath)) { try vault.text("a") }
        _ = try other.rotate(to: .file(folder.path + "/second.key"))
        #expect(throws: VaultError.needsKeyFile(folder.vaultPath)) { try other.text("a") }
        let second = FileVault(path: folder.vaultPath, key: .file(folder.path + "/second.key"))
        #expect(try second.text("a") == "x")
    }

    @Test(arguments: [("1234567", false), ("12345678", true)])
    func `a new passphrase has at least 8 bytes`(text: String, isEnough: Bool) throws {
        if isEnough {
            #expect(try vault.rotate(to: passphrase(text)).text("a") == "x")
        } else {
            #expect(throws: VaultError.weakPassphrase) { try vault.rotate(to: passphrase(text)) }
            #expect(try vault.text("a") == "x")
        }
    }

    // What a crash leaves between the replacement of the vault and that of the key.
    @Test func `a rotation that was interrupted is ended by the next writer`() throws {
        let oldKey = try folder.bytes("vault.key")
        _ = try vault.rotate(to: .file(folder.keyPath))
        let newKey = try folder.bytes("vault.key")
        try folder.write("vault.key", oldKey)
        try folder.write("vault.key.next", newKey)
        #expect(try folder.vault().text("a") == "x")
        _ = try folder.vault().set("a", "y")
        #expect(try folder.bytes("vault.key") == newKey)
        #expect(!folder.names.contains("vault.key.next"))
        #expect(try folder.vault().text("a") == "y")
    }

    // What a crash leaves before the replacement of the vault.
    @Test func `a next key that no vault has is in nobody's way`() throws {
        try folder.write("vault.key.next", [UInt8](repeating: 9, count: 32))
        #expect(try folder.vault().text("a") == "x")
        _ = try vault.rotate(to: .file(folder.keyPath))
        #expect(try folder.vault().text("a") == "x")
        #expect(!folder.names.contains("vault.key.next"))
    }

    @Test func `a key file that is there already becomes the key`() throws {
        let key = [UInt8](repeating: 5, count: 32)
        try folder.write("given.key", key)
        let other = try vault.rotate(to: .file(folder.path + "/given.key"))
        #expect(try folder.bytes("given.key") == key)
        #expect(try other.text("a") == "x")
    }
}
