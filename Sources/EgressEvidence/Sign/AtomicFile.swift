// SPDX-License-Identifier: Apache-2.0

import Glibc
public import LinuxSystem

/// Files that are there whole or not at all.
public enum AtomicFile {
    /// Whether a file that is there already is replaced, or left, with EEXIST.
    public enum Existing: Sendable {
        /// It is replaced.
        case replaced
        /// It is left as it is.
        case left
    }

    /// Writes a file of a mode, whatever the umask.
    public static func write(
        _ bytes: [UInt8],
        to path: String,
        mode: UInt32,
        existing: Existing
    ) throws(SystemError) {
        let suffix = try randomBytes(8).map { String($0, radix: 16) }.joined()
        let temporary = "\(path).\(suffix).tmp"
        let file = try FileDescriptor.open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        do throws(SystemError) {
            try file.writeAll(bytes)
            guard fchmod(file.raw, mode) == 0 else { throw SystemError("setting the mode of '\(temporary)'") }
            // link(2) fails where rename(2) would replace.
            let result = unsafe existing == .left ? link(temporary, path) : rename(temporary, path)
            guard result == 0 else { throw SystemError("writing '\(path)'") }
        } catch {
            unsafe unlink(temporary)
            throw error
        }
        if existing == .left { unsafe unlink(temporary) }
    }
}
