// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressCommandLine
import EgressText
import Glibc

/// Writes one line to standard error. What it quotes of the caller's may hold a password, and logs are kept.
func complain(_ message: String) {
    let line = Array("egress-run: \(Redactor.redact(message))\n".utf8)
    _ = unsafe line.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

/// Writes text to standard output; only for what was asked of `egress-run` itself.
func answer(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(STDOUT_FILENO, $0.baseAddress, $0.count) }
}

// With a standard descriptor closed, the next one that is opened would take its number and be the command's.
for number in 0...2 as ClosedRange<Int32> where fcntl(number, F_GETFD) < 0 {
    _ = unsafe open("/dev/null", O_RDWR)
}

do {
    switch try Request.parse(Array(CommandLine.arguments.dropFirst())) {
    case .help: answer(Help.text)
    case .version: answer(Help.version + "\n")
    case .run(let options): exit(try run(options))
    }
} catch let error as UsageError {
    complain(error.description)
    exit(ExitStatus.ownFailure)
} catch let failure as Failure {
    complain(failure.message)
    exit(ExitStatus.ownFailure)
}
