// SPDX-License-Identifier: Apache-2.0

public import EgressRequests
import Glibc
import Synchronization

/// Secrets in one encrypted file, which is read anew for each use.
///
/// Readers take no lock: the file is replaced whole, so they find the old one or the new one. Writers wait for each other
/// by a lock on a file beside it, so that none undoes what another did. What was decrypted is overwritten after each use.
///
/// What the file cannot tell is that all of it was replaced by an older copy of itself.
public final class FileVault: Sendable {
    /// Where the vault is.
    public let path: String
    let key: VaultKey
    /// The longest to wait for other writers, in seconds.
    let patience: Double
    private let derived = Mutex<(salt: [UInt8], cipher: VaultCipher)?>(nil)

    /// A vault that is there, or soon will be; the file is not touched yet.
    ///
    /// - Parameter patience: how long to wait for other writers, in seconds
    public init(path: String, key: consuming VaultKey, patience: Double = 10) {
        self.path = path
        self.key = key
        self.patience = patience
    }

    /// What opens the vault at a path, as the vault itself says.
    public static func kind(ofVaultAt path: String) throws(VaultError) -> VaultKey.Kind {
        switch try StoredVault(in: try PrivateDirectory(of: path, missing: .noVault(path))).header.origin {
        case .keyFile: .file
        case .passphrase: .passphrase
        }
    }

    /// The value of a secret.
    ///
    /// - Throws: ``VaultError/noSecret(_:)``, or what is wrong with the vault
    public func value(of name: String) throws(VaultError) -> Secret {
        // What can't be a name may be a value in the wrong place, and is not repeated.
        guard VaultEntry.isName(name) else { throw .badName }
        let content = try read()
        guard let entry = content.entry(name) else { throw .noSecret(name) }
        return unsafe content.withValue(entry) { unsafe Secret(copying: Span(_unsafeBytes: $0)) }
    }

    /// Everything but the values, by name.
    public func list() throws(VaultError) -> [VaultEntry] {
        try read().entries.map(\.summary)
    }

    /// Reads, and reads again if a rotation was between the file and its key.
    private func read() throws(VaultError) -> VaultContent {
        let directory = try PrivateDirectory(of: path, missing: .noVault(path))
        for _ in 0..<5 {
            let stored = try StoredVault(in: directory)
            if let cipher = try cipher(for: stored.header)?.cipher { return try stored.open(with: cipher) }
            let isSame = try StoredVault(in: directory).header.keyID == stored.header.keyID
            if case .passphrase = stored.header.origin, isSame { break }
            usleep(2000)
        }
        throw .wrongKey(path)
    }

    /// The keys for a header; nil if what was given is no key to it.
    func cipher(for header: VaultHeader) throws(VaultError) -> (cipher: VaultCipher, isNext: Bool)? {
        switch key {
        case .file(let keyPath):
            guard case .keyFile = header.origin else { throw .needsPassphrase(path) }
            return try KeyFile(keyPath).cipher(for: header)
        case .passphrase(let passphrase):
            guard case .passphrase(let cost) = header.origin else { throw .needsKeyFile(path) }
            let known = derived.withLock { $0 }
            if let known, known.salt == header.salt, known.cipher.keyID == header.keyID { return (known.cipher, false) }
            let master = try VaultCipher.master(passphrase: passphrase, salt: header.salt, cost: cost)
            guard let cipher = VaultCipher(master: master, for: header) else { return nil }
            derived.withLock { $0 = (header.salt, cipher) }
            return (cipher, false)
        }
    }
}

extension FileVault: SecretResolver {
    /// The value of the secret with the reference's name. A secret of a file has no fields.
    public func resolve(_ reference: SecretReference) async throws(SecretResolverError) -> Secret {
        if reference.field != nil {
            throw .denied(reference, "a secret in a vault file has no fields; name it without '#' and what follows")
        }
        do {
            return try value(of: reference.name)
        } catch .noSecret {
            throw .notFound(reference)
        } catch {
            throw .unavailable(error.description)
        }
    }
}
