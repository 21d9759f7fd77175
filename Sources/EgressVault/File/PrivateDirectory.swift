// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// The directory of a file that only its owner may read, and what is done with that file.
///
/// A file is replaced whole: written beside, synchronised, renamed, and the directory synchronised (rename(2), fsync(2)). A
/// crash at any moment leaves the old file or the new one. The directory is opened once, so that it cannot be exchanged on the way.
struct PrivateDirectory: ~Copyable {
    private let directory: FileDescriptor
    /// The path of the directory with a slash at the end, or nothing for the current one.
    private let prefix: String
    /// The name of the file.
    let name: String

    /// The path of a file of the directory, for messages.
    func path(_ name: String) -> String { prefix + name }

    /// Opens the directory of a file.
    ///
    /// - Parameters:
    ///   - making: whether to make what is missing of it
    ///   - missing: what it means that there is no such directory
    /// - Throws: ``VaultError/unsafeFile(_:_:)`` if others than the caller and root could replace files in it
    init(of path: String, making: Bool = false, missing: VaultError? = nil) throws(VaultError) {
        let (prefix, name) = Self.split(path)
        // The kernel would open what stands before a NUL.
        guard !name.isEmpty, name != ".", name != "..", !path.utf8.contains(0) else {
            throw .system(SystemError("opening '\(path)'", code: EISDIR))
        }
        if making, !prefix.isEmpty { Self.make(prefix) }
        let directory: FileDescriptor
        do {
            directory = try FileDescriptor.open(prefix.isEmpty ? "." : prefix, O_RDONLY | O_DIRECTORY)
        } catch {
            if let missing, error.code == ENOENT { throw missing }
            throw .system(error)
        }
        var status = stat()
        guard unsafe fstat(directory.raw, &status) == 0 else { throw .system(SystemError("examining '\(prefix)'")) }
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw .unsafeFile(path, .directoryOwner(status.st_uid))
        }
        // In a directory with the sticky bit only the owner of a file may rename or remove it.
        let isShared = status.st_mode & (S_IWGRP | S_IWOTH) != 0
        guard !isShared || status.st_mode & S_ISVTX != 0 else {
            throw .unsafeFile(path, .directoryMode(UInt16(status.st_mode & 0o7777)))
        }
        self.directory = directory
        self.prefix = prefix
        self.name = name
    }

    /// Reads a file that is the caller's alone; nil if there is none.
    ///
    /// - Parameter limit: how many bytes it may have at most; of a longer one, one more is read
    func read(_ name: String, limit: Int) throws(VaultError) -> WipedBytes? {
        // Without O_NONBLOCK, opening a pipe would wait for its writer.
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
        let raw = unsafe openat(directory.raw, name, flags)
        if raw < 0, errno == ENOENT { return nil }
        if raw < 0, errno == ELOOP { throw .unsafeFile(path(name), .symbolicLink) }
        if raw < 0 { throw .system(SystemError("opening '\(path(name))'")) }
        let file = FileDescriptor(owning: raw)
        try check(file, name)
        var content = WipedBytes(capacity: 4096)
        while content.count <= limit {
            let count = content.read(from: file.raw, limit: min(64 << 10, limit + 1 - content.count))
            if count == 0 { break }
            if count < 0, errno != EINTR { throw .system(SystemError("reading '\(path(name))'")) }
        }
        return content
    }

    private func check(_ file: borrowing FileDescriptor, _ name: String) throws(VaultError) {
        var status = stat()
        guard unsafe fstat(file.raw, &status) == 0 else { throw .system(SystemError("examining '\(path(name))'")) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .unsafeFile(path(name), .notAFile) }
        guard status.st_uid == geteuid() else { throw .unsafeFile(path(name), .owner(status.st_uid)) }
        guard status.st_mode & 0o7177 == 0 else {
            throw .unsafeFile(path(name), .mode(UInt16(status.st_mode & 0o7777)))
        }
    }

    /// Whether there is anything of this name.
    func contains(_ name: String) -> Bool {
        var status = stat()
        return unsafe fstatat(directory.raw, name, &status, AT_SYMLINK_NOFOLLOW) == 0
    }

    /// Puts a new file in the place of what may be there, by way of a file beside it. The caller holds the lock.
    func replace(_ name: String, with bytes: borrowing WipedBytes) throws(VaultError) {
        let temporary = ".\(name).egress-new"
        try remove(temporary)  // What a crash left.
        do {
            try write(bytes, to: temporary)
            try rename(temporary, to: name)
        } catch {
            try? remove(temporary)
            throw error
        }
    }

    private func write(_ bytes: borrowing WipedBytes, to name: String) throws(VaultError) {
        let raw = unsafe openat(directory.raw, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard raw >= 0 else { throw .system(SystemError("creating '\(path(name))'")) }
        let file = FileDescriptor(owning: raw)
        // Whatever the umask leaves of it.
        guard fchmod(file.raw, 0o600) == 0 else { throw .system(SystemError("creating '\(path(name))'")) }
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withBytes { bytes in
                unsafe Glibc.write(file.raw, bytes.baseAddress.map { unsafe $0 + written }, bytes.count - written)
            }
            if count < 0, errno != EINTR { throw .system(SystemError("writing '\(path(name))'")) }
            written += max(0, count)
        }
        // Before the rename: else a crash could leave the new name with nothing in it.
        guard fsync(file.raw) == 0 else { throw .system(SystemError("synchronising '\(path(name))'")) }
    }

    /// rename(2) within the directory, for good.
    func rename(_ old: String, to new: String) throws(VaultError) {
        guard unsafe renameat(directory.raw, old, directory.raw, new) == 0 else {
            throw .system(SystemError("replacing '\(path(new))'"))
        }
        guard fsync(directory.raw) == 0 else { throw .system(SystemError("synchronising '\(prefix)'")) }
    }

    /// Removes a file if it is there.
    func remove(_ name: String) throws(VaultError) {
        guard unsafe unlinkat(directory.raw, name, 0) == 0 || errno == ENOENT else {
            throw .system(SystemError("removing '\(path(name))'"))
        }
    }

    /// Waits to be the only writer, for as long as the result lives (flock(2)). The kernel lets go of a dead process's lock.
    func lock(_ name: String, seconds: Double) throws(VaultError) -> FileDescriptor {
        // O_NOFOLLOW: else a link here could have an empty file made wherever the caller may write.
        let raw = unsafe openat(directory.raw, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o600)
        if raw < 0, errno == ELOOP { throw .unsafeFile(path(name), .symbolicLink) }
        guard raw >= 0 else { throw .system(SystemError("opening '\(path(name))'")) }
        let file = FileDescriptor(owning: raw)
        try check(file, name)
        let end = monotonicNow() + UInt64(seconds * 1e9)
        while flock(file.raw, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else { throw .system(SystemError("locking '\(path(name))'")) }
            guard monotonicNow() < end else { throw .locked(path(self.name)) }
            usleep(5000)
        }
        return file
    }

    private static func split(_ path: String) -> (prefix: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ("", path) }
        let start = path.utf8.index(after: slash)
        return (String(path[..<start]), String(path[start...]))
    }

    /// Makes the directory and those above it, the caller's alone; that it failed is found out when it is opened.
    private static func make(_ path: String) {
        var end = path.startIndex
        while let slash = path[end...].firstIndex(of: "/") {
            end = path.index(after: slash)
            _ = unsafe mkdir(String(path[..<end]), 0o700)
        }
    }
}
