// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

extension Evaluation {
    /// Writes report.json and report.html into a folder, which is made.
    func write(into folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(self).write(to: URL(filePath: folder + "/report.json"), options: .atomic)
        try Data(html.utf8).write(to: URL(filePath: folder + "/report.html"), options: .atomic)
    }

    /// One page that needs nothing else.
    var html: String {
        let good = results.count { $0.outcome == .passed }
        let rows = results.map { result in
            """
            <tr class="\(result.outcome.rawValue)"><td>\(result.outcome.rawValue)</td><td>\(escape(result.suite))</td>\
            <th scope="row">\(escape(result.title))<br><code>\(escape(result.id))</code></th><td>\(escape(result.detail))</td></tr>
            """
        }
        return """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <title>Release evaluation: \(isPassed ? "passed" : "failed")</title>
            <style>
            :root { color-scheme: light dark; }
            body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
            table { border-collapse: collapse; width: 100%; }
            th, td { border-bottom: 1px solid #8886; padding: .4rem .6rem; text-align: left; vertical-align: top; }
            tbody th { font-weight: normal; }
            td, code { overflow-wrap: anywhere; }
            tr:not(.passed) td:first-child { color: #c00; font-weight: bold; }
            @media (prefers-color-scheme: dark) { tr:not(.passed) td:first-child { color: #f77; } }
            </style>
            <h1>Release evaluation: \(isPassed ? "passed" : "failed")</h1>
            <p>\(good) of \(results.count) cases passed.</p>
            <table>
            <thead><tr><th scope="col">Outcome</th><th scope="col">Suite</th><th scope="col">Case</th><th scope="col">Seen</th></tr></thead>
            <tbody>
            \(rows.joined(separator: "\n"))
            </tbody>
            </table>
            </html>

            """
    }

    private func escape(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
