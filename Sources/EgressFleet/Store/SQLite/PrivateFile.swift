// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Makes files that only their owner reads.
enum PrivateFile {
    /// Makes an empty file unless there is one, which is not opened: closing it would drop the locks that other connections
    /// of this process hold (https://sqlite.org/howtocorrupt.html, section 2.2). SQLite gives `-wal` and `-shm` the mode of the file.
    static func make(_ path: String) throws(WorkerStoreError) {
        guard !path.utf8.contains(0) else { throw .failed("the name of the file holds a NUL byte") }
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let code = errno
            if code == EEXIST { return }
            let text = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
            throw .failed("cannot open '\(path)': \(text)")
        }
        close(descriptor)
    }
}
