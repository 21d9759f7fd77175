// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressAudit
import Glibc
import LinuxSystem

/// Takes secrets out of a stream.
struct Redact: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy standard input to standard output without secrets.",
        discussion: """
            Replaces known secrets (--secret-file), in plain and in their encoded forms, and what looks like a secret: keys of
            APIs, tokens, cookies, private keys, passwords in URLs and settings. In the place of each stands its kind:
            <redacted:jwt>. What only looks like a secret is a guess: give the secrets that you know.

            A line is written as soon as it ends, so that tail -f can be filtered. Memory does not grow with the input.

            The exit status is 0, whether or not something was redacted; with --check 1 if something was. 64 is a usage error,
            70 that something could not be read or written. When nobody reads the output any more, it ends with 0.
            """
    )

    @Option(
        help: ArgumentHelp(
            "Write what was found as JSON, without the secrets; - is standard error.",
            discussion: "An object: findings, each with kind, offset and length in bytes of the input; and count.",
            valueName: "file"
        )
    )
    var report: String?

    @Option(
        help: ArgumentHelp("Known secrets, one a line, of at least 4 bytes each; may be repeated.", valueName: "file")
    )
    var secretFile: [String] = []

    @Flag(help: "Exit with 1 if something was redacted.")
    var check = false

    func run() throws {
        ProcessSignal.ignore(SIGPIPE)
        let count: Int
        do {
            count = try filter()
        } catch {
            complain("redact: \(error)")
            throw ExitCode(EX_SOFTWARE)
        }
        if check, count > 0 { throw ExitCode(1) }
    }

    /// Copies all there is; returns how much was redacted.
    private func filter() throws -> Int {
        var redactor = Redactor(try SecretFile.read(secretFile))
        var report = try RedactionReport(path: report)
        var input = [UInt8](repeating: 0, count: 256 << 10)
        var isRead = true
        while isRead {
            let count = try StandardStream.read(into: &input)
            let output = count > 0 ? redactor.redact(input[..<count]) : redactor.finish()
            // Who reads no more has enough, as head(1).
            isRead = try StandardStream.write(output) && count > 0
            try report.add(redactor.takeFindings())
        }
        try report.close()
        return report.count
    }
}
