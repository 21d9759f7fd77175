// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import LinuxSystem

/// Makes keys for, checks and shows the signed statements of `egress-run --attest`.
struct Attest: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make keys for, check and show the signed statements of egress-run --attest.",
        discussion: """
            egress attest keygen --out worker.key
            egress-run --attest token.jwt --attest-key worker.key --worker-id w1 -- ./worker
            egress attest verify token.jwt --trust worker.key.pub --worker-id w1
            """,
        subcommands: [Keygen.self, Verify.self, Show.self, PolicyDigest.self]
    )

    /// Says what is wrong on standard error, and gives the exit status of a failure that is no answer.
    static func failure(_ message: String) -> ExitCode {
        let line = Array("egress: \(message)\n".utf8)
        _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
        return ExitCode(70)
    }

    /// The content of a file, or of standard input for "-".
    static func read(_ path: String, limit: Int) throws(ExitCode) -> [UInt8] {
        do throws(SystemError) {
            let file =
                path == "-" ? try FileDescriptor.duplicate(of: STDIN_FILENO) : try FileDescriptor.open(path, O_RDONLY)
            return try file.readAll(limit: limit)
        } catch {
            throw failure(error.description)
        }
    }
}
