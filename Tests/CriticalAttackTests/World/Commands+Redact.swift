// SPDX-License-Identifier: Apache-2.0

import TestSupport

extension Commands {
    /// `egress redact` of the text, and of one without anything secret.
    func redactions(of input: ExportInput) -> [(Job.Key, Job)] {
        guard case .harmless(let twin) = scenario.control else { return [] }
        return [(input, false), (twin, true)].map { input, isTwin in
            let key = Job.Key(scenario: scenario.id, surface: .redact, account: .user, isTwin: isTwin)
            // The report goes where nothing else does.
            let argv = ["egress", "redact", "--report", "-", "--secret-file", "secrets"]
            return (key, Job(argv: argv, input: input.text + "\n", files: ["secrets": AttackCorpus.secret + "\n"]))
        }
    }
}
