// SPDX-License-Identifier: Apache-2.0

import Glibc
public import Testing

/// Who runs `egress-run`: both must be held alike, by different means.
public enum Account: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case root
    case user

    /// The accounts that this test run can become. Only root can become both.
    public static var available: [Account] {
        getuid() == 0 ? allCases : [.user]
    }

    /// The numeric user and group id inside the world.
    public var id: Int { self == .root ? 0 : 1000 }

    /// How a row of a table names the account.
    public var testDescription: String { "as \(rawValue)" }
}

/// What decides whether a test that lacks something is skipped or fails.
public enum Requirement {
    /// True in CI, where a skipped test would pass for a held one.
    public static var mustWork: Bool {
        unsafe getenv("EGRESS_MUST_WORK").map { unsafe String(cString: $0) == "1" } ?? false
    }

    /// Tells whether rows that need root can run, or must fail for want of it.
    public static var canBeRoot: Bool { getuid() == 0 || mustWork }
}
