// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Writes whole lines to a descriptor that it is given and does not own.
///
/// A line is one write(2), so that lines of several writers (O_APPEND, a terminal) do not mix. The descriptor may be
/// shared with the command: it may have been made non-blocking by it, and may be closed at the other end. SIGPIPE must
/// be ignored by the process.
public struct LineWriter: ~Copyable {
    /// How many lines could not be written.
    public private(set) var lostLines: UInt64 = 0
    private let descriptor: Int32
    private let tap: ((ArraySlice<UInt8>) -> Void)?
    /// Whether the last thing written is a part of a line, after which a new line must begin.
    private var isTorn = false
    /// Whether the last line was lost. Then nobody reads, and no further line waits until someone does.
    private var isLosing = false

    /// How long a non-blocking descriptor may take none of a line, in milliseconds.
    private static let patience = 1000

    /// A writer to a descriptor that stays open as long as this writer is used.
    ///
    /// - Parameter tap: is given all that was written, in order, torn lines included
    public init(descriptor: Int32, tap: ((ArraySlice<UInt8>) -> Void)? = nil) {
        self.descriptor = descriptor
        self.tap = tap
    }

    /// Writes a line, and the newline that ends it if it has none.
    ///
    /// A line that cannot be written is lost, and the next one is tried all the same: a disk may get room again.
    ///
    /// - Throws: The first failure. Those after it are only counted, so that each need not be told.
    public mutating func write(_ line: [UInt8]) throws(WriteError) {
        let newline = UInt8(ascii: "\n")
        do {
            if isTorn { try writeAll([newline]) }
            try writeAll(line.last == newline ? line : line + [newline])
            isLosing = false
        } catch {
            isLosing = true
            lostLines &+= 1
            if lostLines == 1 { throw error }
        }
    }

    private mutating func writeAll(_ bytes: [UInt8]) throws(WriteError) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            if count > 0 {
                tap?(bytes[written..<written + count])
                written += count
                isTorn = written < bytes.count
                continue
            }
            let code = count == 0 ? EIO : errno
            if code == EINTR { continue }
            if code == EAGAIN, isWritable() { continue }
            throw WriteError(errno: code)
        }
    }

    private func isWritable() -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        let end = Self.milliseconds() + (isLosing ? 0 : Self.patience)
        while true {
            let result = unsafe poll(&request, 1, Int32(clamping: max(0, end - Self.milliseconds())))
            // A signal does not cut it short.
            if result >= 0 || errno != EINTR { return result > 0 }
        }
    }

    private static func milliseconds() -> Int {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        return now.tv_sec * 1000 + now.tv_nsec / 1_000_000
    }
}

/// A line could not be written.
public struct WriteError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the kernel said.
    public var errno: Int32

    /// What the kernel said, in words.
    public var description: String {
        unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "error \(errno)"
    }
}
