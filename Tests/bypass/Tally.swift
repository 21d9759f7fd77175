// SPDX-License-Identifier: Apache-2.0

import BypassCorpus
import TestSupport

/// How many attempts ended how.
struct Tally {
    private var held = 0
    private var escaped = 0
    private var vacuous = 0
    private var others: [String] = []

    /// True when every attempt that can be made here was made and held.
    var isGood: Bool { held > 0 && escaped == 0 && vacuous == 0 }

    /// The last lines of the table.
    var closing: String {
        (others + ["\(held) held, \(escaped) escaped, \(vacuous) vacuous"])
            .joined(separator: "\n")
    }

    /// Counts a row and returns its line.
    mutating func count(_ finding: Finding, of row: Row) -> String {
        switch finding {
        case .held:
            held += 1
            return line(row, "held")
        case .escaped(let why):
            escaped += 1
            return line(row, "ESCAPED") + "\n" + why
        case .vacuous(let why):
            vacuous += 1
            return line(row, "VACUOUS") + "\n" + why
        case .impossible(let need):
            others.append("not possible here: \(row.testDescription) (no \(need))")
            return line(row, "not possible here")
        case .conceded(let exit):
            others.append("gets out: \(row.testDescription) (\(exit), see SECURITY.md)")
            return line(row, "gets out")
        }
    }

    private func line(_ row: Row, _ finding: String) -> String {
        let words = row.attempt.title.split(separator: " ", maxSplits: 1)
        let isNumbered = words.count == 2 && words[0].allSatisfy(\.isNumber)
        let number = isNumbered ? String(words[0]) : "", title = isNumbered ? String(words[1]) : row.attempt.title
        return "\(padded(number, 2))  \(padded(title, 66))  \(padded(row.account.rawValue, 4))  \(finding)"
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(width - text.count, 0))
    }
}
