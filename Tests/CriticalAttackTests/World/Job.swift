// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// A command that is run in the test world; see Tests/Programs/corpus/batch.py.
struct Job: Encodable, Sendable {
    var account = "user"
    var argv: [String]
    var input = ""
    var files: [String: String] = [:]

    /// What became of it.
    struct Result: Decodable, Sendable {
        var status: Int
        var output: String
        var errors: String
        var arrivals: [Arrival]
    }

    /// Which job it is.
    struct Key: Hashable, Sendable {
        var scenario: String
        /// Nil for the control that all surfaces share.
        var surface: Surface?
        var account: Account
        var isTwin = false

        /// The label by which a name of the replay is its own.
        var label: String {
            let words = [surface?.rawValue ?? "control", account.rawValue] + (isTwin ? ["twin"] : [])
            return words.joined(separator: "-").replacing("_", with: "-")
        }
    }
}
