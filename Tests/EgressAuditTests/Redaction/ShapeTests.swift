// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import Testing

struct ShapeTests {
    @Test func `every secret of the corpus is found, whatever its characters`() {
        let samples = SecretSample.all(copies: 40, seed: 1)
        #expect(samples.count > 4000)
        let missed = samples.filter { sample in
            let result = Redactor.redact(sample.text)
            return !result.contains("<redacted:\(sample.kind)>") || sample.secrets.contains { result.contains($0) }
        }
        let reports = Dictionary(grouping: missed, by: \.template).compactMap { template, samples in
            samples.first.map {
                "\(samples.count) of 40: \($0.text.prefix(100)) -> \(Redactor.redact($0.text).prefix(160))"
            }
        }
        #expect(missed.isEmpty, "\(reports.joined(separator: "\n"))")
    }
}
