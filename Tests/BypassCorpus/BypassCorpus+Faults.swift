// SPDX-License-Identifier: Apache-2.0

import TestSupport

private let denied = TestWorld.deniedAddress
private let connects = "connect-static plain \(denied) 4444"

/// Takes memory until there is none.
private let hoards = "/usr/bin/python3 -c \"x = [bytearray(1 << 20) for _ in range(10000)]\""

/// Only root can mount the file system that has the page.
private func slow(_ title: String, _ call: String, _ policy: [String]) -> Attempt {
    Attempt(
        title: title,
        line: "/usr/bin/python3 $WORLD/programs/attack.py slow-page \(call)",
        policy: policy,
        accounts: [.root],
        under: [
            "unshare", "-m", "/usr/bin/python3", "$WORLD/programs/fuse.py", denied, "4444",
        ],
        needs: "FUSE"
    )
}

/// What the kernel ends processes of, with few megabytes for all of them; only root can set that.
private func scarce(_ title: String, _ line: String) -> Attempt {
    Attempt(
        title: title,
        line: line,
        ending: .status(3),
        accounts: [.root],
        under: ["/usr/bin/python3", "$WORLD/programs/memory.py", "64"],
        needs: "a memory cgroup"
    )
}

/// Waits until the other side has made a file in the home directory, for so many hundredths of a second.
private func until(_ file: String, _ hundredths: Int = 1000) -> String {
    "for i in $(seq \(hundredths)); do test -e $HOME/\(file) && break; sleep 0.01; done"
}

/// Takes away what the two sides tell each other with.
private let tidy = "rm -f $HOME/up $HOME/go $HOME/done"

/// A command that connects in a moment, whatever becomes of its parents, and what is done to `egress-run` meanwhile.
///
/// Its status is 3, which tells that the line went to its end.
private func fault(_ title: String, _ action: String) -> Attempt {
    Attempt(
        title: title,
        line: """
            \(tidy); HOLD sh -c '( (\(until("go")); timeout 1 \(connects); echo > $HOME/done) & )
            echo > $HOME/up; sleep 20' & pid=$!
            \(until("up")); children=$(pgrep -P $pid); \(action); echo > $HOME/go; \(until("done", 100))
            kill -KILL $pid $children; \(tidy); exit 3
            """,
        ending: .status(3)
    )
}

extension BypassCorpus {
    /// What happens to `egress-run` while a command tries.
    static let faults: [Attempt] = [
        fault("39 egress-run is killed", "kill -KILL $pid"),
        fault("39 egress-run has no memory left", "prlimit --pid $pid --as=1 --data=1"),
        Attempt(
            title: "39 the command has no memory left",
            line: "HOLD sh -c '(ulimit -v 100000; \(hoards)); \(connects); exit 3'",
            ending: .status(3)
        ),
        scarce(
            "39 the kernel ends the command for want of memory",
            "HOLD sh -c '(\(hoards)); test $? = 137 || exit 4; \(connects); exit 3'"
        ),
        scarce(
            "39 the kernel ends egress-run for want of memory",
            """
            \(tidy); HOLD sh -c '( (sleep 1.5; timeout 1 \(connects); echo > $HOME/done) & )
            echo > $HOME/up; \(until("go")); \(hoards); sleep 3' & pid=$!
            \(until("up")); echo 1000 > /proc/$pid/oom_score_adj; echo > $HOME/go; wait $pid; status=$?
            \(until("done", 200)); \(tidy); test $status = 137 && exit 3
            """
        ),
        slow("39 an address in a page that a FUSE server is long in giving", "connect", TestWorld.policy),
        slow(
            "39 a datagram's address in such a page",
            "sendto",
            TestWorld.policy + ["--allow-unix-datagram", "inside"]
        ),
        fault("39 the processes that egress-run starts are killed", "pkill -KILL -P $pid"),
        fault("39 the processes that egress-run starts are stopped", "pkill -STOP -P $pid"),
        Attempt(
            title: "39 egress-run is stopped",
            line: """
                \(tidy); HOLD sh -c 'echo > $HOME/up; \(until("go")); timeout 0.7 \(connects); s=$?
                echo > $HOME/done; exit $s' & pid=$!
                \(until("up")); kill -STOP $pid; echo > $HOME/go; \(until("done", 200)); kill -CONT $pid; wait $pid; s=$?
                \(tidy); exit $s
                """,
            // The connect hangs while nobody judges it.
            ending: .status(124)
        ),
        Attempt(
            title: "39 egress-run has no descriptor left",
            line: """
                ulimit -n 64; HOLD sh -c 'for i in $(seq 40); do \(connects) & done
                curl -s -m 5 -Z --parallel-max 40 "http://allowed.example/?[1-40]" > /dev/null; wait; exit 3'
                """,
            ending: .status(3)
        ),
        Attempt(
            title: "39 a program that nobody can read",
            line: "p=$(mktemp) && cp $WORLD/bin/connect-static $p && chmod 0111 $p && $p plain \(denied) 4444",
            accounts: [.user]
        ),
        Attempt(
            title: "40 a process that outlives the command",
            line: "HOLD sh -c '(setsid sh -c \"sleep 0.4; \(connects)\" &); exit 3'; sleep 0.8; exit 3",
            ending: .status(3)
        ),
        Attempt(
            title: "38 input pushed into the caller's terminal",
            line: "script -qec 'HOLD attempt-static tiocsti' /dev/null",
            success: .exits
        ),
    ]
}
