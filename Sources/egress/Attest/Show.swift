// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressFleet
import EgressText

extension Attest {
    /// Shows a statement.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what a statement says, without checking who made it."
        )

        @Argument(help: "The file of egress-run --attest; - is standard input.")
        var token: String

        @Flag(help: "Print one JSON object instead.")
        var json = false

        func run() throws {
            let text = try Attest.token(token)
            let attestation: WorkerAttestation
            do {
                attestation = try WorkerAttestation.unverified(token: text)
            } catch {
                throw Attest.failure(error.description.printable)
            }
            let report = AttestationReport(attestation, verified: false)
            print(json ? try jsonText(report) + "\n" : report.text, terminator: "")
        }
    }
}
