// SPDX-License-Identifier: Apache-2.0

import Glibc
public import LinuxSystem

/// The file of a private key: only its owner may read it.
public struct SigningKeyFile: ~Copyable {
    private let file: FileDescriptor
    private let path: String

    /// Why a file is not taken.
    public enum Refusal: Error, Equatable, CustomStringConvertible {
        /// It can't be opened or read.
        case unreadable(SystemError)
        /// It is no regular file.
        case notAFile(String)
        /// Someone else owns it.
        case foreignOwner(String, user: UInt32)
        /// Others may read or write it.
        case openToOthers(String, mode: UInt32)
        /// It holds no Ed25519 key.
        case noKey(String)

        /// What is wrong and what to do.
        public var description: String {
            switch self {
            case .unreadable(let error):
                error.code == ENOENT ? "\(error) (make one with: egress attest keygen)" : error.description
            case .notAFile(let path): "'\(path)' is no regular file"
            case .foreignOwner(let path, let user):
                "'\(path)' belongs to user \(user), who could replace the key (it must be yours or root's)"
            case .openToOthers(let path, let mode):
                "'\(path)' is open to others, its mode is 0\(String(mode, radix: 8)) (chmod 600 it, and make a new key if "
                    + "anyone may have read it)"
            case .noKey(let path):
                "'\(path)' holds no Ed25519 private key in PEM (make one with: egress attest keygen)"
            }
        }
    }

    /// Opens a file, which is read by `key()`.
    public init(_ path: String) throws(Refusal) {
        let file: FileDescriptor
        do {
            // Without O_NONBLOCK the open of a FIFO would wait.
            file = try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
        } catch {
            throw .unreadable(error)
        }
        var status = stat()
        guard unsafe fstat(file.raw, &status) == 0 else {
            throw .unreadable(SystemError("looking at '\(path)'"))
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path) }
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw .foreignOwner(path, user: status.st_uid)
        }
        guard status.st_mode & 0o077 == 0 else { throw .openToOthers(path, mode: status.st_mode & 0o777) }
        self.file = file
        self.path = path
    }

    /// The key in it.
    public borrowing func key() throws(Refusal) -> SigningKey {
        var text: [UInt8]
        do {
            lseek(file.raw, 0, SEEK_SET)
            text = try file.readAll(limit: 16 << 10)
        } catch {
            throw .unreadable(error)
        }
        guard let key = SigningKey(pem: &text) else { throw .noKey(path) }
        return key
    }
}
