// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A folder that goes with the test.
final class Folder {
    let path: String

    init() {
        var template = Array("/tmp/evidence-XXXXXX".utf8CString)
        path = unsafe mkdtemp(&template).map { unsafe String(cString: $0) } ?? "/nonexistent"
    }

    /// Writes a file of a mode, and returns its path.
    func write(_ name: String, _ content: String, mode: UInt32 = 0o600) -> String {
        let path = "\(path)/\(name)"
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        _ = unsafe content.withCString { unsafe Glibc.write(descriptor, $0, content.utf8.count) }
        fchmod(descriptor, mode)
        close(descriptor)
        return path
    }

    var names: [String] {
        var names: [String] = []
        guard let folder = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(folder) }
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) {
                unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    deinit {
        for name in names { unsafe unlink("\(path)/\(name)") }
        unsafe rmdir(path)
    }
}
