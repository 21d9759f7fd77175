// SPDX-License-Identifier: Apache-2.0

import Crypto
import LinuxSystem

/// A key file, and the one that follows it while a rotation is under way.
///
/// Two files cannot be replaced at once. So a rotation writes the next key beside the old one, then the vault, then renames the
/// key. Whoever reads in between finds that the old key is not the vault's and that the next one is; the next writer
/// ends the rotation. A next key that no vault came to have is overwritten by the next rotation.
struct KeyFile: ~Copyable {
    static let size = 32

    private let directory: PrivateDirectory

    /// The path of the file.
    var path: String { directory.path(directory.name) }
    private var next: String { directory.name + ".next" }

    init(_ path: String, making: Bool = false) throws(VaultError) {
        directory = try PrivateDirectory(of: path, making: making, missing: .noKeyFile(path))
    }

    /// The keys of a vault, if the file or the one that follows it holds its key; nil if neither does.
    ///
    /// - Throws: ``VaultError/noKeyFile(_:)`` if there is no file at all
    func cipher(for header: VaultHeader) throws(VaultError) -> (cipher: VaultCipher, isNext: Bool)? {
        let own = try read(directory.name)
        if let own, let cipher = VaultCipher(master: own, for: header) { return (cipher, false) }
        guard let following = try read(next) else {
            if own == nil { throw .noKeyFile(path) }
            return nil
        }
        return VaultCipher(master: following, for: header).map { ($0, true) }
    }

    /// The file's own key; nil if there is no file.
    func master() throws(VaultError) -> SymmetricKey? { try read(directory.name) }

    private func read(_ name: String) throws(VaultError) -> SymmetricKey? {
        guard let bytes = try directory.read(name, limit: Self.size) else { return nil }
        guard bytes.count == Self.size else { throw .badKeyFile(directory.path(name)) }
        return unsafe bytes.withBytes { unsafe SymmetricKey(data: $0) }
    }

    /// Makes a key that becomes the file's own with ``adopt()``.
    func makeNext() throws(VaultError) -> SymmetricKey {
        let key = SymmetricKey(size: .bits256)
        var bytes = WipedBytes(capacity: Self.size)
        unsafe key.withUnsafeBytes { unsafe bytes.append($0) }
        try directory.replace(next, with: bytes)
        return key
    }

    /// Ends a rotation: the next key becomes the file's own.
    func adopt() throws(VaultError) { try directory.rename(next, to: directory.name) }

    /// Ends a rotation that a crash interrupted after the vault had its new key.
    func endRotation(patience: Double) throws(VaultError) {
        let lock = try lock(seconds: patience)
        defer { extendLifetime(lock) }
        try adopt()
    }

    /// Keeps others from making a next key, for as long as the result lives.
    func lock(seconds: Double) throws(VaultError) -> FileDescriptor {
        try directory.lock(directory.name + ".lock", seconds: seconds)
    }
}
