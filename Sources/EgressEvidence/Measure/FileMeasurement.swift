// SPDX-License-Identifier: Apache-2.0

import Glibc
public import LinuxSystem

/// What a file was when it was read.
public struct FileMeasurement: Equatable, Sendable {
    /// Its path.
    public var path: String
    /// The digest of its content.
    public var digest: Digest

    /// Reads a file.
    public init(_ path: String) throws(SystemError) {
        try self.init(path, try FileDescriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY))
    }

    /// A file that was read before.
    init(_ path: String, digest: Digest) {
        (self.path, self.digest) = (path, digest)
    }

    /// Reads a file that is open.
    init(_ path: String, _ file: borrowing FileDescriptor) throws(SystemError) {
        var status = stat()
        guard unsafe fstat(file.raw, &status) == 0 else { throw SystemError("looking at '\(path)'") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SystemError("reading '\(path)'", code: EINVAL) }
        self.path = path
        var hash = SHA256()
        // It stays in the processor's cache; a mapping costs a fault for each page instead, and SIGBUS if the file shrinks.
        var chunk = [UInt8].untouched(count: 128 << 10)
        while true {
            let count = unsafe read(file.raw, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SystemError("reading '\(path)'") }
            if count == 0 { break }
            hash.update(chunk[..<count])
        }
        digest = hash.digest
    }
}
