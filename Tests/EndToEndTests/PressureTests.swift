// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

private let flood = "/usr/bin/python3 $WORLD/programs/flood.py"

/// What a command may do to itself while an ordinary connection must still be made.
private let floods = [
    "denied \(EndToEnd.deniedAddress) 80 2000",
    "silent 93.184.216.34 7009 900",
    "datagrams 93.184.216.34 7002 2000",
]

extension EndToEnd {
    @Suite(.serialized) struct Pressure {
        @Test(arguments: floods, Account.available)
        func `39 a flood leaves room for others`(_ row: String, as account: Account) throws {
            try Success(
                title: row,
                line: "\(flood) \(row)",
                output: "93.184.216.34",
                policy: ["-q", "--allow", "v4.example:80", "--allow", "93.184.216.34"]
            ).expect(as: account)
        }

        @Test func `39 a program that nobody can read is told why it connects nowhere`() throws {
            let copy = "p=$(mktemp) && cp $WORLD/bin/connect-static $p && chmod 0111 $p && $p"
            let outcome = try TestWorld.shared().run(
                "\(copy) plain 93.184.216.34 80",
                as: .user,
                egress: ["--allow", "93.184.216.34:80"]
            )
            #expect(outcome.standardError.contains("EACCES"), "\(outcome)")
            #expect(outcome.standardError.contains("unreadable_caller"), "\(outcome)")
        }
    }
}
