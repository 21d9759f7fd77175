// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

private let flood = "/usr/bin/python3 $WORLD/programs/flood.py"

/// What a command may do to itself while an ordinary connection must still be made.
private let floods = [
    "denied \(EndToEnd.deniedAddress) 80 2000",
    "silent 93.184.216.34 7009 900",
    "datagrams 93.184.216.34 7002 2000",
    // More than may wait for one address, and more than the table takes.
    "silent 2606:2800:220:1::b1ac 80 4000",
    "datagrams 2606:2800:220:1::1 7002 4000",
]

extension EndToEnd {
    @MainActor @Suite(.serialized) struct Pressure {
        @Test(arguments: floods, Account.available)
        func `39 a flood leaves room for others`(_ row: String, as account: Account) throws {
            try Success(
                title: row,
                line: "\(flood) \(row)",
                output: "93.184.216.34",
                policy: [
                    "-q", "--allow", "v4.example:80", "--allow", "93.184.216.34", "--allow", "2606:2800:220:1::/64",
                ]
            ).expect(as: account)
        }

        @Test(arguments: Account.available)
        func `39 calls of one program that wait leave room for another's`(as account: Account) throws {
            try Success(
                title: "blocked",
                line: "\(flood) blocked 2606:2800:220:1::b1ac 80 600",
                output: "EINPROGRESS\n93.184.216.34",
                policy: [
                    "-q", "--allow", "v4.example:80", "--allow", "93.184.216.34", "--allow", "2606:2800:220:1::/64",
                ]
            ).expect(as: account)
        }

        // RLIMIT_SIGPENDING is the user's: any process of hers can use it up.
        @Test(arguments: Account.available)
        func `39 with the queue of signals exhausted connections are made`(as account: Account) throws {
            let exhausted =
                "import os, resource, sys; r = resource.RLIMIT_SIGPENDING;"
                + "resource.setrlimit(r, (0, 0)); os.execvp(sys.argv[1], sys.argv[1:])"
            let world = try TestWorld.shared()
            let timer = "import ctypes; print(ctypes.CDLL(None).timer_create(1, None, ctypes.byref(ctypes.c_void_p())))"
            let under = ["/usr/bin/python3", "-c", exhausted]
            let probe = try world.run("/usr/bin/python3 -c '\(timer)'", as: account, under: under)
            #expect(probe.standardOutput == "-1\n", "the probe: no POSIX timer can be had: \(probe)")
            let outcome = try world.run(
                "curl -s http://allowed.example/ && curl -s http://93.184.216.34/",
                as: account,
                egress: EndToEnd.policy,
                under: under
            )
            #expect(outcome.succeeded, "\(outcome)")
            #expect(outcome.standardOutput == "welcome to allowed.example\nwelcome to 93.184.216.34\n", "\(outcome)")
        }

        @Test func `39 a program that nobody can read reaches what is allowed`() throws {
            let copy = "p=$(mktemp) && cp $WORLD/bin/connect-static $p && chmod 0111 $p && $p"
            try Success(
                title: "",
                line: "\(copy) plain 93.184.216.34 80 'GET / HTTP/1.0\r\n\r\n'",
                output: "welcome",
                policy: ["-q", "--allow", "93.184.216.34:80"]
            ).expect(as: .user)
        }

        // The kernel shows its memory to the file's owner, and to nobody else but root.
        @Test(.enabled(if: Account.available.contains(.root)))
        func `39 a program of someone else's that nobody can read connects nowhere`() throws {
            let world = try TestWorld.shared(), copy = "$WORLD/unreadable"
            let made = try world.run("cp $WORLD/bin/connect-static \(copy) && chmod 0111 \(copy)", as: .root)
            try #require(made.succeeded, "\(made)")
            let outcome = try world.run(
                "\(copy) plain 93.184.216.34 80",
                as: .user,
                egress: ["--allow", "93.184.216.34:80"]
            )
            #expect(outcome.standardError.contains("EACCES"), "\(outcome)")
            #expect(outcome.standardError.contains("unreadable_caller"), "\(outcome)")
        }
    }
}
