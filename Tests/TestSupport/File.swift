// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file from an offset to its end, or nothing when it cannot be read.
public func contents(of path: String, from offset: Int = 0) -> [UInt8]? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard offset == 0 || lseek(descriptor, offset, SEEK_SET) == offset else { return nil }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return count == 0 ? bytes : nil }
        bytes += buffer[..<count]
    }
}

/// How many bytes a file has, or nothing when that cannot be told.
func size(of path: String) -> Int? {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? status.st_size : nil
}

/// The text of a file, or nothing when it cannot be read.
public func text(of path: String) -> String? {
    contents(of: path).map { String(decoding: $0, as: UTF8.self) }
}
