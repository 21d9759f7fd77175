// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import Foundation
import TestSupport
import Testing

struct OrdinaryTextTests {
    /// What is redacted in files, as `file: text before the finding «finding»`, and how many bytes they have.
    private func findings(in paths: [String]) -> (lines: [String], bytes: Int) {
        var lines: [String] = []
        var bytes = 0
        for path in paths {
            let text = contents(of: path) ?? []
            bytes += text.count
            var redactor = Redactor()
            _ = redactor.redact(text)
            _ = redactor.finish()
            lines += redactor.takeFindings().map { finding in
                let before = String(decoding: text[max(0, finding.offset - 30)..<finding.offset], as: UTF8.self)
                let found = String(decoding: text[finding.offset..<finding.offset + finding.length], as: UTF8.self)
                return "\(path.split(separator: "/").last ?? ""): \(before)«\(found.prefix(60))»"
            }
        }
        return (lines, bytes)
    }

    private func files(below folder: String, _ suffix: String = "") -> [String] {
        let root = "\(Fixtures.checkout)/\(folder)"
        let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(suffix) }.map { "\(root)/\($0)" }.sorted()
    }

    // A rate of 0 in 39 KB of what is hardest: texts about secrets.
    @Test func `nothing is redacted in ordinary files`() {
        let paths = files(below: "Fixtures/redaction/ordinary")
        let (lines, bytes) = findings(in: paths)
        #expect(paths.count >= 14)
        #expect(bytes > 39_000)
        #expect(lines.isEmpty, "\(lines.joined(separator: "\n"))")
    }

    // The programs of this project, but not those that are about secrets: those have examples of them.
    @Test func `at most one thing in half a megabyte of programs is redacted`() {
        let own = ["EgressAudit/Redaction", "EgressVault", "EgressFetch", "EgressRequests", "EgressFleet", "/egress/"]
        let paths = files(below: "Sources", ".swift").filter { path in !own.contains { path.contains($0) } }
        let (lines, bytes) = findings(in: paths + files(below: "CShim", ".c") + files(below: "CShim", ".h"))
        #expect(bytes > 500_000)
        #expect(lines.count <= 1, "\(lines.joined(separator: "\n"))")
    }
}
