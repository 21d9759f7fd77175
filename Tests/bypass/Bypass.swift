// SPDX-License-Identifier: Apache-2.0

import BypassCorpus
import Glibc
import TestSupport

/// Makes every attempt of the corpus and prints what became of each. usage: bypass [WORD]
///
/// With a word, only the attempts whose title contains it. Ends with status 0 when all were held.
@main
enum Bypass {
    static func main() throws {
        let word = CommandLine.arguments.dropFirst().first ?? ""
        var tally = Tally()
        for table in BypassCorpus.tables {
            let rows = table.attempts.filter { word.isEmpty || $0.title.contains(word) }.rows
            if !rows.isEmpty { show("\n\(table.fact)") }
            for row in rows { show(tally.count(try row.examine(), of: row)) }
        }
        show("\n" + tally.closing)
        exit(tally.isGood ? 0 : 1)
    }

    /// Prints a line at once, for one may wait some minutes for all of them.
    private static func show(_ line: String) {
        print(line)
        fflush(nil)
    }
}
