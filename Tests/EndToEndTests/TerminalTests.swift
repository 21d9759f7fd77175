// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// What a user does at a terminal; `Tests/Programs/terminal.py` plays the user.
private let scenarios = [
    "interrupt", "interrupt-handled", "interrupt-interactive", "suspend", "suspend-again", "background", "size",
    "foreground", "pager", "controlling", "name", "shell-inside", "script-inside",
]

extension EndToEnd {
    @MainActor @Suite(.serialized) struct Terminal {
        private func play(_ scenario: String, as account: Account) throws {
            let outcome = try TestWorld.shared().run(
                "/usr/bin/python3 $WORLD/programs/terminal.py \(scenario)",
                as: account
            )
            #expect(outcome.succeeded, "\(outcome)")
        }

        @Test(arguments: scenarios, Account.available)
        func `a terminal works as it would without`(_ scenario: String, as account: Account) throws {
            try play(scenario, as: account)
        }

        @Test(arguments: Account.available)
        func `a hang-up reaches the command`(as account: Account) throws {
            try play("hang-up", as: account)
            let world = try TestWorld.shared()
            #expect(text(of: "\(world.directory)/home-\(account.rawValue)/hung-up") == "hung-up\n")
        }
    }
}
