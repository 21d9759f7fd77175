// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// A command line as a user types it, and the status it must end with.
private let statuses: [(String, Int32)] = [
    ("egress-run -q -- true", 0),
    ("egress-run -q true", 0),
    ("egress-run -q -- sh -c 'exit 7'", 7),
    ("egress-run -q -- sh -c 'exit 125'", 125),
    ("egress-run -q -c 'exit 9'", 9),
    ("egress-run -q -c 'exit $1' sh 11", 11),
    ("egress-run -q -- sh -c 'kill -KILL $$'", 137),
    ("egress-run -q -- sh -c 'kill -TERM $$'", 143),
    ("egress-run -q -- sh -c 'kill -SEGV $$'", 139),
    ("egress-run -q -- sh -c 'sleep 0.2; exit 3' ", 3),
    ("egress-run -q --timeout 1 -- sleep 30", 124),
    ("egress-run -q --timeout 1 -- sh -c 'trap \"\" TERM; while :; do sleep 0.1; done'", 124),
    ("egress-run -q --timeout 1 -- sh -c '(trap \"\" TERM; sleep 30) & wait'", 124),
    ("egress-run -q --timeout 30 -- sh -c 'exit 4'", 4),
    ("egress-run -q -- no-such-command", 127),
    ("egress-run -q -- /no/such/command", 127),
    ("egress-run -q -- /etc/passwd", 126),
    ("egress-run -q -- /etc", 126),
    ("egress-run", 125),
    ("egress-run --help", 0),
    ("egress-run --version", 0),
]

/// A signal to `egress-run`, what the command does with it, and what must come out.
private let signals = [
    ("TERM", "trap 'echo heard; exit 3' TERM", "heard\nstatus 3\nin time\n"),
    ("HUP", "trap 'echo heard; exit 4' HUP", "heard\nstatus 4\nin time\n"),
    ("INT", "trap 'echo heard; exit 5' INT", "heard\nstatus 5\nin time\n"),
    ("QUIT", "trap 'echo heard; exit 6' QUIT", "heard\nstatus 6\nin time\n"),
    ("USR1", "trap 'echo heard; exit 7' USR1", "heard\nstatus 7\nin time\n"),
    ("TERM", "true", "status 143\nin time\n"),
    ("INT", "true", "status 130\nin time\n"),
    ("KILL", "true", "status 137\nin time\n"),
]

/// Ways to leave a process behind; `SECONDS` marks it.
private let leftovers = [
    "sleep SECONDS & sleep 0.1",
    "setsid sleep SECONDS & sleep 0.1",
    "nohup sleep SECONDS > /dev/null 2>&1 & sleep 0.1",
    "(trap '' TERM HUP INT; sleep SECONDS) & sleep 0.1",
    "setsid sh -c 'sleep SECONDS & sleep SECONDS & wait' & sleep 0.1; kill -KILL $$",
]

private let leave = "/usr/bin/python3 $WORLD/programs/leave.py 93.184.216.34"

extension EndToEnd {
    @MainActor @Suite(.serialized) struct Lifecycle {
        @Test(arguments: statuses, Account.available)
        func `the exit status tells who failed`(_ row: (line: String, status: Int32), as account: Account) throws {
            let outcome = try TestWorld.shared().run(row.line, as: account)
            #expect(outcome.status == row.status, "\(outcome)")
            #expect(outcome.seconds < 4, "\(outcome)")
        }

        @Test(arguments: signals, Account.available)
        func `a signal reaches the command`(
            _ row: (signal: String, trap: String, output: String),
            as account: Account
        ) throws {
            let outcome = try TestWorld.shared().run(
                [
                    "/usr/bin/python3", try TestWorld.shared().directory + "/programs/signalled.py", "SIG\(row.signal)",
                    "egress-run", "-q", "--", "sh", "-c", "\(row.trap); echo up; while :; do sleep 0.05; done",
                ],
                as: account
            )
            #expect(outcome.standardOutput == row.output, "\(outcome)")
        }

        @Test(arguments: leftovers, Account.available)
        func `what the command leaves behind ends with it`(_ row: String, as account: Account) throws {
            let world = try TestWorld.shared(), mark = "98765\(account.id)"
            let line = row.replacing("SECONDS", with: mark)
            let outcome = try world.run(line, as: account, egress: ["-q"])
            #expect(outcome.seconds < 2, "\(outcome)")
            let left = try world.run("pgrep -f '^sleep \(mark)'", as: .root)
            #expect(left.standardOutput == "", "still alive: \(left)")
        }

        @Test(arguments: Account.available)
        func `SIGKILL to egress-run ends the whole tree`(as account: Account) throws {
            let world = try TestWorld.shared(), mark = "87654\(account.id)"
            let outcome = try world.run(
                [
                    "/usr/bin/python3", "\(world.directory)/programs/signalled.py", "SIGKILL", "egress-run", "-q", "--",
                    "sh", "-c", "setsid sleep \(mark) > /dev/null & echo up; sleep \(mark)",
                ],
                as: account
            )
            #expect(outcome.standardOutput == "status 137\nin time\n", "\(outcome)")
            // Its init is told of the death, and ends the rest.
            let alive = "pgrep -f '^sleep \(mark)' > $HOME/alive"
            let left = try world.run(
                "for i in $(seq 50); do \(alive) || exit; sleep 0.1; done; cat $HOME/alive",
                as: .root
            )
            #expect(left.standardOutput == "", "still alive: \(left)")
        }

        // A call of ours still holds the socket, which would never end.
        @Test(arguments: Account.available)
        func `a call that waits when the command ends holds nobody up`(as account: Account) throws {
            let outcome = try TestWorld.shared().run(
                "/usr/bin/python3 $WORLD/programs/linger.py waits 7010 & sleep 1; exit 3",
                as: account,
                egress: ["-q", "--allow-unix-datagram", "inside", "--allow", "93.184.216.34"],
                limit: 60
            )
            #expect(outcome.status == 3 && outcome.standardError == "", "\(outcome)")
            #expect(outcome.seconds < 8, "\(outcome)")
        }

        // close(2) of the last descriptor waits for as long as the command chose (SO_LINGER, socket(7)).
        @Test(arguments: Account.available)
        func `a linger time of the command's does not stop the supervisor`(as account: Account) throws {
            let outcome = try TestWorld.shared().run(
                "/usr/bin/python3 $WORLD/programs/linger.py closes 7011",
                as: account,
                egress: ["-q", "--timeout", "6", "--allow-unix-datagram", "inside", "--allow", "93.184.216.34"],
                limit: 60
            )
            #expect(outcome.standardOutput == "connected\n", "\(outcome)")
            #expect(outcome.seconds < 8, "\(outcome)")
        }

        // A relay that waits for a reader, who reads nothing: what is on the way must not outlast the time-out.
        @Test(arguments: Account.available)
        func `the time-out bounds what is still under way`(as account: Account) throws {
            let outcome = try TestWorld.shared().run(
                "\(leave) 7011 7011",
                as: account,
                egress: ["-q", "--timeout", "3", "--allow", "93.184.216.34"],
                limit: 60
            )
            #expect(outcome.status == 3, "the command ended by itself: \(outcome)")
            #expect(outcome.seconds < 5, "\(outcome)")
            #expect(outcome.standardError.contains("egress-run: gave up "), "\(outcome)")
            #expect(outcome.standardError.contains("the time-out passed"), "\(outcome)")
        }

        @Test(arguments: Account.available)
        func `what is under way arrives when it is read in time`(as account: Account) throws {
            let world = try TestWorld.shared()
            let outcome = try world.run(
                "\(leave) 7010",
                as: account,
                egress: ["-q", "--timeout", "30", "--allow", "93.184.216.34"],
                limit: 60
            )
            #expect(outcome.status == 3 && outcome.standardError == "", "\(outcome)")
            let sent = outcome.standardOutput.filter { $0 != "\n" }
            let noted =
                "for i in $(seq 50); do grep -q '^late \(sent)$' $WORLD/endings && echo all && exit; sleep 0.1; done"
            #expect(try world.run(noted, as: .root).standardOutput == "all\n", "\(outcome)")
        }

        @Test(arguments: Account.available)
        func `a crowd ends with the command`(as account: Account) throws {
            let crowd = "/usr/bin/python3 $WORLD/programs/crowd.py"
            for line in ["\(crowd) 400 5", "\(crowd) 1 2000"] {
                let outcome = try TestWorld.shared().run(
                    "\(line); exit 5",
                    as: account,
                    egress: ["-q"],
                    limit: 60
                )
                #expect(outcome.status == 5 && outcome.standardError == "", "\(outcome)")
                #expect(outcome.standardOutput.hasPrefix("crowded\n"), "\(outcome)")
            }
        }

        // No signal reaches a process that waits for a file server (FUSE) that took its request.
        @Test(
            .enabled(if: Account.available.contains(.root)),
            arguments: [("0.2", false), ("60", true)]
        )
        func `a process that cannot be ended is left behind`(_ row: (delay: String, isLeft: Bool)) throws {
            let outcome = try TestWorld.shared().run(
                "cat $SLOW_FILE > /dev/null & sleep 1; exit 4",
                as: .root,
                egress: ["-q"],
                under: [
                    "unshare", "-m", "env", "DELAY=\(row.delay)", "/usr/bin/python3", "$WORLD/programs/fuse.py",
                    "0.0.0.0", "1",
                ],
                limit: 50
            )
            #expect(outcome.status == 4, "\(outcome)")
            #expect(outcome.standardError.contains("it is left behind") == row.isLeft, "\(outcome)")
            #expect(outcome.seconds < (row.isLeft ? 14 : 4), "\(outcome)")
        }

        /// The caller's own alarm(2) goes on through execve(2), and ends what it is meant to end.
        @Test(arguments: Account.available)
        func `an alarm of the caller's ends the run`(as account: Account) throws {
            let alarm = "import os, signal, sys; signal.alarm(2); os.execvp(sys.argv[1], sys.argv[1:])"
            let line = "curl -s http://93.184.216.34/ > /dev/null; exec sleep 10"
            for egress in [nil, ["-q", "--allow", "93.184.216.34:80"]] {
                let outcome = try TestWorld.shared().run(
                    line,
                    as: account,
                    egress: egress,
                    under: ["/usr/bin/python3", "-c", alarm]
                )
                #expect(outcome.status == 142, "\(outcome)")
                #expect(outcome.seconds > 1.5 && outcome.seconds < 5, "\(outcome)")
            }
        }

        @Test(arguments: Account.available)
        func `the command has its caller's way with alarms`(as account: Account) throws {
            let connects = "curl -s http://93.184.216.34/ > /dev/null; grep -E 'SigIgn|SigBlk' /proc/self/status"
            for action in ["SIG_IGN", "SIG_DFL"] {
                let set =
                    "import os, signal, sys; signal.signal(signal.SIGALRM, signal.\(action));"
                    + "os.execvp(sys.argv[1], sys.argv[1:])"
                let outcomes = try [nil, ["-q", "--allow", "93.184.216.34:80"]].map { egress in
                    try TestWorld.shared().run(
                        connects,
                        as: account,
                        egress: egress,
                        under: ["/usr/bin/python3", "-c", set]
                    ).standardOutput
                }
                #expect(outcomes[0] == outcomes[1])
                #expect(outcomes[0].contains("SigIgn"))
            }
        }

        @Test(arguments: Account.available)
        func `nothing of egress-run is left when it has ended`(as account: Account) throws {
            let world = try TestWorld.shared()
            _ = try world.run("curl -s http://allowed.example/", as: account, egress: policy)
            let left = try world.run("pgrep -a egress-run", as: .root)
            #expect(left.standardOutput == "", "\(left)")
        }
    }
}
