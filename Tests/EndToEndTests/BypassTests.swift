// SPDX-License-Identifier: Apache-2.0

import BypassCorpus
import TestSupport
import Testing

extension EndToEnd {
    /// Every known way out; `scripts/bypass` prints the same rows as a table.
    @MainActor @Suite(.serialized) struct Bypass {
        @Test(arguments: BypassCorpus.tables.flatMap(\.attempts.rows))
        func `nothing gets out`(_ row: Row) throws {
            try row.attempt.expectHeld(as: row.account)
        }
    }
}
