// SPDX-License-Identifier: Apache-2.0

import EgressVault
import FoundationEssentials
import Glibc
import TestSupport
import Testing

struct PermissionTests {
    let folder: Folder

    init() throws {
        folder = try Folder()
        _ = try folder.makeVault().set("a", "x")
    }

    @Test(
        arguments: [
            (0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o620, false), (0o602, false),
            (0o610, false), (0o700, false),
            (0o4600, false), (0o644, false), (0o666, false),
        ] as [(mode_t, Bool)],
        ["vault", "vault.key"]
    )
    func `a file that others could use is refused`(row: (mode: mode_t, isGood: Bool), name: String) throws {
        let path = folder.path + "/" + name
        unsafe chmod(path, row.mode)
        if row.isGood {
            #expect(try folder.vault().text("a") == "x")
        } else {
            let error = VaultError.unsafeFile(path, .mode(UInt16(row.mode)))
            #expect(throws: error) { try folder.vault().list() }
            #expect(throws: error) { try folder.vault().set("a", "y") }
        }
    }

    @Test(
        arguments: [(0o700, true), (0o755, true), (0o775, false), (0o757, false), (0o777, false), (0o1777, true)]
            as [(mode_t, Bool)]
    )
    func `a directory where others could replace files is refused`(mode: mode_t, isGood: Bool) throws {
        unsafe chmod(folder.path, mode)
        if isGood {
            #expect(try !folder.vault().set("a", "y"))
        } else {
            #expect(throws: VaultError.unsafeFile(folder.vaultPath, .directoryMode(UInt16(mode)))) {
                try folder.vault().list()
            }
        }
    }

    @Test(arguments: ["vault", "vault.key"])
    func `links, pipes, devices and directories are no vaults and no keys`(name: String) throws {
        let path = folder.path + "/" + name
        unsafe rename(path, path + ".real")
        unsafe symlink(path + ".real", path)
        #expect(throws: VaultError.unsafeFile(path, .symbolicLink)) { try folder.vault().list() }
        #expect(throws: VaultError.unsafeFile(path, .symbolicLink)) { try folder.vault().set("a", "y") }
        unsafe unlink(path)
        // Without a writer, opening a pipe would wait for ever.
        unsafe mkfifo(path, 0o600)
        #expect(throws: VaultError.unsafeFile(path, .notAFile)) { try folder.vault().list() }
        unsafe unlink(path)
        unsafe mkdir(path, 0o700)
        #expect(throws: VaultError.unsafeFile(path, .notAFile)) { try folder.vault().list() }
    }

    @Test(.enabled(if: Requirement.canBeRoot), arguments: ["vault", "vault.key"])
    func `a file of another user is refused`(name: String) throws {
        let path = folder.path + "/" + name
        unsafe chown(path, 1000, 1000)
        #expect(throws: VaultError.unsafeFile(path, .owner(1000))) { try folder.vault().list() }
    }

    @Test(.enabled(if: Requirement.canBeRoot))
    func `a directory of another user is refused`() throws {
        unsafe chown(folder.path, 1000, 1000)
        #expect(throws: VaultError.unsafeFile(folder.vaultPath, .directoryOwner(1000))) { try folder.vault().list() }
    }

    @Test(arguments: [0, 31, 33, 5000])
    func `a key file of another length is no key file`(size: Int) throws {
        try folder.write("vault.key", [UInt8](repeating: 1, count: size))
        #expect(throws: VaultError.badKeyFile(folder.keyPath)) { try folder.vault().list() }
    }

    @Test func `another key, and none, are told apart`() throws {
        try folder.write("vault.key", [UInt8](repeating: 1, count: 32))
        #expect(throws: VaultError.wrongKey(folder.vaultPath)) { try folder.vault().list() }
        unsafe unlink(folder.keyPath)
        #expect(throws: VaultError.noKeyFile(folder.keyPath)) { try folder.vault().list() }
    }

    @Test func `a link in the place of the lock or the new file leads nowhere`() throws {
        let victim = folder.path + "/victim"
        unsafe unlink(folder.path + "/vault.lock")
        unsafe symlink(victim, folder.path + "/vault.lock")
        #expect(throws: VaultError.unsafeFile(folder.vaultPath + ".lock", .symbolicLink)) {
            try folder.vault().set("a", "y")
        }
        unsafe unlink(folder.path + "/vault.lock")
        unsafe symlink(victim, folder.path + "/.vault.egress-new")
        #expect(try !folder.vault().set("a", "y"))
        #expect(!folder.names.contains("victim"))
        #expect(try folder.vault().text("a") == "y")
    }

    @Test(arguments: [0, 1, 107, 500])
    func `what a crash left of a write is harmless and goes`(size: Int) throws {
        try folder.write(".vault.egress-new", Array(try folder.bytes("vault").prefix(size)))
        #expect(try folder.vault().text("a") == "x")
        #expect(try !folder.vault().set("a", "y"))
        #expect(!folder.names.contains(".vault.egress-new"))
    }

    @Test func `whoever can't get the lock is told`() throws {
        let held = unsafe open(folder.vaultPath + ".lock", O_RDWR | O_CLOEXEC)
        defer { close(held) }
        #expect(flock(held, LOCK_EX) == 0)
        #expect(throws: VaultError.locked(folder.vaultPath)) { try folder.vault(patience: 0.05).set("a", "y") }
        #expect(try folder.vault().text("a") == "x")
        #expect(flock(held, LOCK_UN) == 0)
        #expect(try !folder.vault(patience: 0.05).set("a", "y"))
    }

    @Test func `writers in one process undo nothing of each other`() async throws {
        let folder = folder
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask { _ = try? folder.vault().set("n\(number)", "v\(number)") }
            }
        }
        #expect(try folder.vault().list().count == 21)
        for number in 0..<20 { #expect(try folder.vault().text("n\(number)") == "v\(number)") }
    }
}
