// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// Standard input and output as streams of bytes. Whoever shares them may have made them non-blocking.
enum StandardStream {
    /// Reads what is there, waiting for the first byte; 0 at the end.
    static func read(into buffer: inout [UInt8]) throws(SystemError) -> Int {
        while true {
            let count = unsafe Glibc.read(STDIN_FILENO, &buffer, buffer.count)
            if count >= 0 { return count }
            try wait(STDIN_FILENO, for: POLLIN, "reading standard input")
        }
    }

    /// Writes all of `bytes`; false if nobody reads any more.
    static func write(_ bytes: [UInt8]) throws(SystemError) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EPIPE {
                return false
            } else {
                try wait(STDOUT_FILENO, for: POLLOUT, "writing standard output")
            }
        }
        return true
    }

    /// After a failure: waits if that was for want of bytes or room.
    private static func wait(_ descriptor: Int32, for events: Int32, _ what: String) throws(SystemError) {
        let code = errno
        guard code == EAGAIN || code == EINTR else { throw SystemError(what, code: code) }
        guard code == EAGAIN else { return }
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        _ = unsafe poll(&entry, 1, -1)
    }
}

/// Writes one line about a failure to standard error.
func complain(_ message: String) {
    let line = Array("egress \(message)\n".utf8)
    _ = unsafe line.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
