// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressText
import Glibc

/// Reads the files of `egress fleet`.
enum FleetFile {
    /// A file that holds secrets: nobody but its owner and root may read it.
    static func secret(_ path: String) throws -> String {
        let bytes = try read(path, isSecret: true)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw FleetFailure("\(path): not UTF-8") }
        return text
    }

    /// A file of at most 4 MiB.
    static func read(_ path: String, isSecret: Bool = false) throws -> [UInt8] {
        guard !path.utf8.contains(0) else { throw FleetFailure("the name of a file holds a NUL byte") }
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw FleetFailure("cannot open \(path.printable): \(errorText())") }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw FleetFailure("cannot read \(path.printable)") }
        // Pipes of the shell's <(...) have modes that mean nothing.
        let isFile = status.st_mode & S_IFMT == S_IFREG
        if isSecret, isFile, status.st_mode & 0o077 != 0 {
            throw FleetFailure("\(path.printable) holds secrets and others may read it (to mend that: chmod 600)")
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= 4 << 20 {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            if count < 0, errno != EINTR { throw FleetFailure("cannot read \(path.printable): \(errorText())") }
            if count > 0 { bytes += chunk[..<count] }
        }
        throw FleetFailure("\(path.printable) is larger than 4 MiB")
    }

    private static func errorText() -> String {
        let code = errno
        return unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    }
}

/// What went wrong, and the exit status that says so.
struct FleetFailure: Error {
    var message: String
    var status: Int32

    init(_ message: String, status: Int32 = 70) {
        self.message = message
        self.status = status
    }

    /// Tells it on standard error, and ends the command with its status.
    func exit() -> ExitCode {
        let line = Array("egress: \(message)\n".utf8)
        _ = unsafe line.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
        return ExitCode(status)
    }
}
