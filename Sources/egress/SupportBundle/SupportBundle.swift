// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressAudit
import FoundationEssentials
import Glibc
import LinuxSystem

/// Collects what helps to find out why something does not work, without secrets.
struct SupportBundle: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "support-bundle",
        abstract: "Collect what a report of a problem needs, without secrets, in one tar file.",
        discussion: """
            It holds the report of doctor, versions, the rules of the policy (without its comments), and the last 1 MiB of the
            audit file. Redacted are known secrets (--secret-file, and values of environment variables with names like TOKEN),
            what looks like a secret, and long parts of host names, which may carry data.

            The file is readable by you alone, is not compressed, and never overwrites another. Look into it before you send it:
            tar -xOf egress-support.tar | less

            The exit status is 0; 64 for a usage error; 70 if something could not be read or written.
            """
    )

    @Option(name: .shortAndLong, help: ArgumentHelp("Where to write it; - is standard output.", valueName: "file"))
    var output = "egress-support.tar"

    @Option(help: ArgumentHelp("An audit file of egress-run.", valueName: "file"))
    var audit: String?

    @Option(help: ArgumentHelp("A policy file.", valueName: "file"))
    var policy: String?

    @Option(
        help: ArgumentHelp("Known secrets, one a line, of at least 4 bytes each; may be repeated.", valueName: "file")
    )
    var secretFile: [String] = []

    func run() throws {
        do {
            let contents = try collect(doctor: Doctor.report().json())
            try write(contents)
            let list = contents.files.map { "\($0.name)  \($0.content.count) bytes\n" }.joined()
            guard output != "-" else { return }
            print("\(output):\n" + list, terminator: "")
        } catch {
            complain("support-bundle: \(error)")
            throw ExitCode(EX_SOFTWARE)
        }
    }

    /// All files of the bundle.
    func collect(doctor: String) throws -> BundleContents {
        let values = try secretFile.flatMap { try SecretFile.values($0) }
        let redaction = try BundleRedaction(values: values, environment: ProcessInfo.processInfo.environment)
        var contents = BundleContents(redaction)
        contents.addDoctor(doctor)
        contents.addVersions()
        if let policy { contents.addPolicy(path: policy) }
        if let audit { try contents.addAudit(path: audit) }
        contents.add("MANIFEST.txt", contents.files.map { "\($0.name) \($0.content.count)\n" }.joined())
        return contents
    }

    private func write(_ contents: BundleContents) throws {
        var archive = TarArchive()
        for file in contents.files { archive.add("egress-support/" + file.name, file.content) }
        archive.finish()
        if output == "-" {
            ProcessSignal.ignore(SIGPIPE)
            _ = try StandardStream.write(archive.bytes)
        } else {
            try FileDescriptor.open(output, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600).writeAll(archive.bytes)
        }
    }
}
