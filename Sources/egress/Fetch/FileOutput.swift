// SPDX-License-Identifier: Apache-2.0

import EgressFetch
import EgressText
import Glibc
import LinuxSystem
import NIOCore

/// A file that appears whole or not at all: written beside its place, then put there (rename(2)).
///
/// What is no regular file, such as /dev/null or a pipe, is written to as it is.
final class FileOutput: FetchOutput {
    private let path: String
    /// What is written until it is whole; nil when the place itself is written to.
    private let draft: String?
    private let file: LinuxSystem.FileDescriptor

    init(_ path: String) throws(SystemError) {
        // A link is followed, as every program that writes a file does.
        let place = Self.target(of: path)
        var status = stat()
        if unsafe stat(place, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            self.path = place
            draft = nil
            file = try .open(place, O_WRONLY)
            return
        }
        let draft = "\(place).\(getpid()).part"
        self.path = place
        self.draft = draft
        file = try .open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
    }

    var kept: [UInt8]? { nil }

    func begin(_ head: FetchHead) {}

    func write(_ bytes: ByteBuffer) throws { try OutputError.writeAll(bytes, to: file.raw) }

    func finish(isWanted: Bool) -> String? {
        guard let draft else { return nil }
        guard isWanted else {
            unsafe unlink(draft)
            return nil
        }
        guard unsafe rename(draft, path) == 0 else {
            let error = SystemError("writing \(path.quoted())", code: errno)
            unsafe unlink(draft)
            return error.description
        }
        return nil
    }

    private static func target(of path: String) -> String {
        guard let real = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }
}
