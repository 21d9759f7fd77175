// SPDX-License-Identifier: Apache-2.0

public import TestSupport
public import Testing

/// A row of a table: an attempt by one of the accounts that can make it.
public struct Row: Sendable, CustomTestStringConvertible {
    /// What is tried.
    public var attempt: Attempt
    /// By whom.
    public var account: Account

    /// The title and the account.
    public var testDescription: String { "\(attempt.title), \(account.testDescription)" }

    /// ``Attempt/examine(as:)``.
    public func examine() throws -> Finding { try attempt.examine(as: account) }
}

extension [Attempt] {
    /// Each attempt by each account that can make it and that this test run can become.
    public var rows: [Row] {
        flatMap { attempt in
            Account.available.filter(attempt.accounts.contains).map { Row(attempt: attempt, account: $0) }
        }
    }
}
