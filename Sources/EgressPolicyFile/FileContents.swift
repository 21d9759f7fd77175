// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Reads a whole file, but never more than a little over `limit` bytes: `/dev/zero` has no end.
///
/// - Parameters:
///   - path: The file; a pipe is read to its end, so that a shell's `<(...)` works.
///   - limit: How many bytes may be read before the rest is left. One more than that may be returned.
/// - Throws: What the kernel says.
func fileContents(_ path: String, limit: Int) throws(Problem) -> [UInt8] {
    // The kernel would open what stands before the NUL.
    if path.utf8.contains(0) { throw Problem("the name of the file holds a NUL byte") }
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
    guard descriptor >= 0 else { throw Problem("cannot be opened: " + errorText(errno)) }
    defer { close(descriptor) }
    var contents: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while contents.count <= limit {
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        if count == 0 { break }
        if count < 0 {
            if errno == EINTR { continue }
            throw Problem("cannot be read: " + errorText(errno))
        }
        contents += chunk.prefix(count)
    }
    return contents
}

private func errorText(_ code: Int32) -> String {
    unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
}
