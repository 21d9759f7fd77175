// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// A descriptor that is owned: closed when its owner goes.
public struct FileDescriptor: ~Copyable, Sendable {
    /// The number, for system calls; it stays owned by this value.
    public let raw: Int32

    /// Takes ownership of an open descriptor.
    public init(owning raw: Int32) {
        self.raw = raw
    }

    deinit {
        close(raw)
    }

    /// Gives the descriptor up without closing it.
    public consuming func release() -> Int32 {
        let number = raw
        discard self
        return number
    }

    /// open(2), close-on-exec.
    public static func open(
        _ path: String,
        _ flags: Int32,
        mode: UInt32 = 0o666
    ) throws(SystemError) -> FileDescriptor {
        FileDescriptor(
            owning: try retrying("opening '\(path)'") { unsafe Glibc.open(path, flags | O_CLOEXEC, mode) }
        )
    }

    /// fcntl(2), F_DUPFD_CLOEXEC.
    public static func duplicate(of descriptor: Int32) throws(SystemError) -> FileDescriptor {
        FileDescriptor(owning: try retrying("duplicating a descriptor") { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) })
    }

    /// A duplicate of a descriptor of the process that this one, a pidfd, refers to (pidfd_getfd(2)).
    public borrowing func take(descriptor number: Int32) throws(SystemError) -> Int32 {
        let pidfd = raw
        return try retrying("taking a process's descriptor") { egress_pidfd_getfd(pidfd, number) }
    }

    /// Opens (O_PATH) what a path leads to without a symbolic link on the way (openat2(2)).
    public static func openWithoutLinks(_ path: String) throws(SystemError) -> FileDescriptor {
        FileDescriptor(owning: try retrying("opening '\(path)'") { unsafe egress_open_without_links(path) })
    }

    /// A connected pair of AF_UNIX sockets of `type` (SOCK_SEQPACKET, ...), close-on-exec.
    public static func socketPair(type: Int32) throws(SystemError) -> (Int32, Int32) {
        var pair: [Int32] = [-1, -1]
        _ = try retrying("making a socket pair") {
            unsafe socketpair(AF_UNIX, type | Int32(SOCK_CLOEXEC.rawValue), 0, &pair)
        }
        return (pair[0], pair[1])
    }

    /// Puts /dev/null in the place of a standard descriptor that is no terminal, so that whoever reads or writes its other
    /// end sees an end when the last of those it was meant for closes it.
    public static func releaseStandard(_ number: Int32) {
        guard isatty(number) == 0, let null = try? open("/dev/null", O_RDWR) else { return }
        dup2(null.raw, number)
    }

    /// A description of its own of the pipe or terminal behind a descriptor, for writing without ever waiting: the flags of
    /// the one that is shared with the command stay as they are. Nil for anything else.
    public static func neverWaiting(on number: Int32) -> FileDescriptor? {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { return nil }
        guard status.st_mode & S_IFMT == S_IFIFO || isatty(number) == 1 else { return nil }
        return try? open("/proc/self/fd/\(number)", O_WRONLY | O_NONBLOCK | O_NOCTTY)
    }

    /// The whole content, up to `limit` bytes, from the current position.
    public borrowing func readAll(limit: Int) throws(SystemError) -> [UInt8] {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while content.count < limit {
            let count = try retrying("reading") { unsafe read(raw, &chunk, min(chunk.count, limit - content.count)) }
            if count == 0 { break }
            content.append(contentsOf: chunk[..<count])
        }
        return content
    }

    /// Writes all of `bytes`, waiting for room as write(2) does.
    public borrowing func writeAll(_ bytes: [UInt8]) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = try retrying("writing") {
                unsafe rest.withUnsafeBytes { unsafe write(raw, $0.baseAddress, $0.count) }
            }
            rest = rest.dropFirst(count)
        }
    }
}

/// The content of a small file, such as one of /proc; nil when it can't be read.
public func contents(ofFile path: String, limit: Int = 1 << 20) -> [UInt8]? {
    guard let file = try? FileDescriptor.open(path, O_RDONLY) else { return nil }
    return try? file.readAll(limit: limit)
}

/// True if standard descriptor `number` is a socket that no command may inherit: any but a connected AF_UNIX stream or
/// seqpacket socket. An inet socket of the host's namespace can be reconnected by whoever holds it.
public func isForeignSocket(_ number: Int32) -> Bool {
    egress_is_foreign_socket(number) != 0
}
