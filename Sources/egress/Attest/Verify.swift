// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressEvidence
import EgressFleet
import EgressText
import Glibc

extension Attest {
    /// Checks a statement.
    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a statement: its signature, its time, and what it must show.",
            discussion: """
                The exit status is 0 if it shows all that is asked for, and 1, with the reason on standard error, if not. \
                Whether it was shown before can't be told here: give --nonce with a challenge of your own.
                """
        )

        @Argument(help: "The file of egress-run --attest; - is standard input.")
        var token: String

        @Option(help: ArgumentHelp("Public keys that are trusted, as PEM or JWK.", valueName: "file"))
        var trust: String

        @OptionGroup(title: "What it must show")
        var expected: ExpectationOptions

        @Option(help: ArgumentHelp("Check that this is the statement of the same run's end, too.", valueName: "file"))
        var final: String?

        @Option(help: ArgumentHelp("Check as of this moment, in seconds since 1970.", valueName: "seconds"))
        var at: Int64?

        @Flag(help: "Print one JSON object instead.")
        var json = false

        func run() throws {
            let keys = try trustedKeys()
            let text = try Attest.token(token)
            let last = try final.map { try Attest.token($0) }
            let report: AttestationReport
            do throws(WorkerAttestationError) {
                let attestation = try WorkerAttestation.verify(token: text, trust: keys)
                try attestation.validate(expected.expectation, at: at ?? Int64(time(nil)))
                if let last { try WorkerAttestation.verify(token: last, trust: keys).validate(endOf: attestation) }
                report = AttestationReport(attestation)
            } catch {
                if json {
                    print(try jsonText(RefusalReport(error)))
                } else {
                    _ = Attest.failure(error.description.printable)
                }
                throw ExitCode(1)
            }
            print(json ? try jsonText(report) + "\n" : report.text, terminator: "")
        }

        private func trustedKeys() throws -> TrustedKeys {
            let text = try Attest.read(trust, limit: TrustedKeys.maximumTextLength + 1)
            do {
                return try TrustedKeys(parsing: text)
            } catch {
                throw Attest.failure("\(trust): \(error)")
            }
        }
    }

    /// The token in a file. Its last newline is no part of it.
    static func token(_ path: String) throws -> String {
        var bytes = try read(path, limit: WorkerAttestation.maximumTokenLength + 2)
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }
}
