// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// Where the audit goes, opened before the command is isolated.
struct Audit {
    /// The descriptor to write to; nil without an audit. It stays open as long as the process lives.
    let descriptor: Int32?
    /// The file's path, which the command must not see.
    let hiddenPaths: [String]

    init(_ path: String?) throws(Failure) {
        guard let path else {
            (descriptor, hiddenPaths) = (nil, [])
            return
        }
        if path == "-" {
            (descriptor, hiddenPaths) = (Self.neverWaiting(STDERR_FILENO), [])
            return
        }
        do {
            let file = try FileDescriptor.open(path, O_WRONLY | O_APPEND | O_CREAT, mode: 0o600)
            hiddenPaths = Self.isRegular(file.raw) ? [Self.absolute(path)].compactMap(\.self) : []
            descriptor = Self.neverWaiting(file.release())
        } catch {
            throw Failure("--audit: \(error)")
        }
    }

    /// What doesn't read must not hold the supervisor up: neither time-outs nor signals would be seen.
    private static func neverWaiting(_ number: Int32) -> Int32 {
        FileDescriptor.neverWaiting(on: number)?.release() ?? number
    }

    private static func isRegular(_ descriptor: Int32) -> Bool {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    static func absolute(_ path: String) -> String? {
        guard let resolved = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }
}
