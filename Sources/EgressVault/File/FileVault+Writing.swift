// SPDX-License-Identifier: Apache-2.0

import Crypto
public import EgressRequests
import Glibc
import LinuxSystem

extension FileVault {
    /// Makes an empty vault, and its directory if there is none.
    ///
    /// A key file that is there already is used; else one is made.
    ///
    /// - Throws: ``VaultError/exists(_:)`` rather than touch a vault that is there
    public static func create(at path: String, key: consuming VaultKey) throws(VaultError) -> FileVault {
        let vault = FileVault(path: path, key: key)
        try vault.create(cost: .standard)
        return vault
    }

    func create(cost: ScryptParameters) throws(VaultError) {
        let directory = try PrivateDirectory(of: path, making: true)
        let lock = try directory.lock(directory.name + ".lock", seconds: patience)
        defer { extendLifetime(lock) }
        guard !directory.contains(directory.name) else { throw .exists(path) }
        try replace(
            directory,
            VaultContent(),
            with: try NewKey.make(key, cost: cost, patience: patience, current: nil),
            after: 0
        )
    }

    /// Adds a secret or replaces its value; true if it is new.
    public func set(_ name: String, to value: borrowing Secret) throws(VaultError) -> Bool {
        guard VaultEntry.isName(name) else { throw .badName }
        guard value.count > 0 else { throw .emptyValue }
        guard value.count <= VaultContent.maximumValue else { throw .valueTooLong }
        return try value.withBytes { bytes throws(VaultError) in
            try unsafe bytes.withUnsafeBytes { bytes throws(VaultError) in
                try update { content throws(VaultError) in
                    unsafe content.set(name, to: bytes, at: UInt64(max(0, time(nil))))
                }
            }
        }
    }

    /// Removes a secret.
    ///
    /// - Throws: ``VaultError/noSecret(_:)`` if there is none of this name
    public func remove(_ name: String) throws(VaultError) {
        guard VaultEntry.isName(name) else { throw .badName }
        try update { content throws(VaultError) in
            guard content.remove(name) else { throw .noSecret(name) }
        }
    }

    /// Encrypts the vault anew, under a new key, and gives the vault back as that key opens it.
    ///
    /// A key file that is there already is used, unless it holds the vault's present key: that is replaced by a new one, which
    /// no copy of the vault from before can be opened with. A crash leaves the vault under the old key or under the new.
    public func rotate(to key: consuming VaultKey) throws(VaultError) -> FileVault {
        let result = FileVault(path: path, key: key, patience: patience)
        try rotate(to: result, cost: .standard)
        return result
    }

    func rotate(to other: FileVault, cost: ScryptParameters) throws(VaultError) {
        try withLock { directory, stored, cipher throws(VaultError) in
            let content = try stored.open(with: cipher)
            let key = try NewKey.make(other.key, cost: cost, patience: patience, current: stored.header)
            try other.replace(directory, content, with: key, after: stored.header.generation)
        }
    }

    /// Reads, changes and replaces the vault while nobody else does.
    private func update<Result>(
        _ change: (inout VaultContent) throws(VaultError) -> Result
    ) throws(VaultError) -> Result {
        try withLock { directory, stored, cipher throws(VaultError) in
            var content = try stored.open(with: cipher)
            let result = try change(&content)
            var header = stored.header
            header.generation &+= 1
            let file = try cipher.seal(try content.encoded(), header)
            try directory.replace(directory.name, with: file)
            return result
        }
    }

    private func withLock<Result>(
        _ body: (borrowing PrivateDirectory, StoredVault, VaultCipher) throws(VaultError) -> Result
    ) throws(VaultError) -> Result {
        let directory = try PrivateDirectory(of: path, missing: .noVault(path))
        // Before the lock, whose file would otherwise be made beside no vault.
        guard directory.contains(directory.name) else { throw .noVault(path) }
        let lock = try directory.lock(directory.name + ".lock", seconds: patience)
        defer { extendLifetime(lock) }
        let stored = try StoredVault(in: directory)
        guard let found = try cipher(for: stored.header) else { throw .wrongKey(path) }
        if found.isNext { try endRotation() }
        return try body(directory, stored, found.cipher)
    }

    private func endRotation() throws(VaultError) {
        switch key {
        case .file(let path): try KeyFile(path).endRotation(patience: patience)
        case .passphrase: break
        }
    }

    private func replace(
        _ directory: borrowing PrivateDirectory,
        _ content: borrowing VaultContent,
        with key: borrowing NewKey,
        after generation: UInt64
    ) throws(VaultError) {
        let header = VaultHeader(
            origin: key.origin,
            salt: key.salt,
            keyID: key.cipher.keyID,
            generation: generation &+ 1,
            bodySize: VaultHeader.tagSize,
            nonce: []
        )
        let file = try key.cipher.seal(try content.encoded(), header)
        try directory.replace(directory.name, with: file)
        try key.adopt()
    }
}
