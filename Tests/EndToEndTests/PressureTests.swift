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

        @Test(arguments: Account.available)
        func `39 without descriptors egress-run denies`(as account: Account) throws {
            let (outcome, leaked) = try TestWorld.shared().arrivals {
                try TestWorld.shared().run(
                    """
                    ulimit -n 64; egress-run -q --allow allowed.example:80 -- sh -c '
                    for i in $(seq 40); do connect-static plain \(deniedAddress) 4444 & done
                    curl -s -m 5 -Z --parallel-max 40 "http://allowed.example/?[1-40]" > /dev/null; wait
                    echo the command went on'
                    """,
                    as: account
                )
            }
            #expect(leaked == [], "\(outcome)")
            #expect(outcome.standardOutput.contains("the command went on"), "\(outcome)")
        }

        @Test(arguments: Account.available)
        func `39 a stopped egress-run lets nothing pass`(as account: Account) throws {
            let (outcome, leaked) = try TestWorld.shared().arrivals {
                try TestWorld.shared().run(
                    """
                    egress-run -q -- sh -c 'echo up > $HOME/up; sleep 0.3; timeout 0.7 connect-static \
                    plain \(deniedAddress) 4444' & pid=$!
                    for i in $(seq 100); do test -e $HOME/up && break; sleep 0.01; done
                    rm $HOME/up; kill -STOP $pid; sleep 1.2; kill -CONT $pid; wait $pid
                    """,
                    as: account
                )
            }
            #expect(leaked == [], "\(outcome)")
            #expect(outcome.status == 124, "the connect must hang while nobody judges it: \(outcome)")
        }

        // What such a program points to can't be seen by its own user, and so not be judged.
        @Test func `39 a program that nobody can read connects nowhere`() throws {
            let copy = "p=$(mktemp) && cp $WORLD/bin/connect-static $p && chmod 0111 $p && $p"
            try Attempt(title: "", line: "\(copy) plain \(deniedAddress) 4444").expectHeld(as: .user)
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
