// SPDX-License-Identifier: Apache-2.0

import Crypto
import EgressRequests
import LinuxSystem

/// The key that a vault is about to be encrypted with.
struct NewKey: ~Copyable {
    let origin: VaultHeader.Origin
    let salt: [UInt8]
    let cipher: VaultCipher
    /// The file whose next key this is, and the lock that keeps it so.
    private let file: KeyFile?
    private let lock: FileDescriptor?

    private init(
        _ origin: VaultHeader.Origin,
        _ master: SymmetricKey,
        _ salt: [UInt8],
        file: consuming KeyFile? = nil,
        lock: consuming FileDescriptor? = nil
    ) {
        self.origin = origin
        self.salt = salt
        cipher = VaultCipher(master: master, salt: salt)
        self.file = file
        self.lock = lock
    }

    /// - Parameter current: the vault's header so far; its key is not used again
    static func make(
        _ key: borrowing VaultKey,
        cost: ScryptParameters,
        patience: Double,
        current: VaultHeader?
    ) throws(VaultError) -> NewKey {
        let salt = unsafe SymmetricKey(size: .init(bitCount: 8 * VaultHeader.saltSize)).withUnsafeBytes {
            unsafe Array($0)
        }
        switch key {
        case .passphrase(let passphrase):
            guard passphrase.count >= VaultKey.minimumPassphrase else { throw .weakPassphrase }
            let master = try VaultCipher.master(passphrase: passphrase, salt: salt, cost: cost)
            return NewKey(.passphrase(cost), master, salt)
        case .file(let path):
            let file = try KeyFile(path, making: true)
            let lock = try file.lock(seconds: patience)
            if let master = try file.master(), current.flatMap({ VaultCipher(master: master, for: $0) }) == nil {
                return NewKey(.keyFile, master, salt)
            }
            let master = try file.makeNext()
            return NewKey(.keyFile, master, salt, file: file, lock: lock)
        }
    }

    /// Called when the vault has this key for good.
    func adopt() throws(VaultError) { try file?.adopt() }
}
