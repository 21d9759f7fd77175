// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// What a descriptor of another process leads to, in a word.
public enum StreamKind: String, Sendable {
    /// Nothing: it is closed.
    case closed
    /// A regular file.
    case file
    /// A pipe or FIFO.
    case pipe
    /// A terminal.
    case terminal
    /// /dev/null
    case null
    /// A socket.
    case socket
    /// A device that is neither.
    case device
    /// Anything else, such as a directory.
    case other

    /// Of a descriptor of a process, by what /proc shows; nil if that can't be told.
    public init?(_ number: Int32, of process: Int32) {
        let opened: FileDescriptor
        do throws(SystemError) {
            opened = try FileDescriptor.open("/proc/\(process)/fd/\(number)", 0o10000000)  // O_PATH
        } catch {
            guard error.code == ENOENT else { return nil }
            self = .closed
            return
        }
        var file = egress_file()
        guard unsafe egress_file_status(opened.raw, &file) == 0 else { return nil }
        switch file.mode & S_IFMT {
        case S_IFREG: self = .file
        case S_IFIFO: self = .pipe
        case S_IFSOCK: self = .socket
        case S_IFCHR: self = Self.device(file.major, file.minor)
        default: self = .other
        }
    }

    /// By the numbers of Documentation/admin-guide/devices.txt: consoles and serial lines, /dev/tty, pseudo terminals.
    private static func device(_ major: UInt32, _ minor: UInt32) -> StreamKind {
        switch major {
        case 1: minor == 3 ? .null : .device
        case 4, 5, 136...143, 204, 207, 229: .terminal
        default: .device
        }
    }
}
