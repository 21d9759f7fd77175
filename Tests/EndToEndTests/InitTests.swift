// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// What the user of a process may do to it, and must not do to the run's pid 1, which has the same user.
private let attempts = [
    "prlimit --pid PID --nofile=99:99", "prlimit --pid PID --core=1:1", "taskset -p 1 PID", "renice -n 5 -p PID",
    "ionice -c 3 -p PID", "chrt -b -p 0 PID", "python3 -c 'import os; os.pidfd_open(PID)'",
    "timeout -s INT 1 strace -o /dev/null -p PID; test $? = 124",
]

/// Asks a connection of its own for a descriptor of the peer (SO_PEERPIDFD, Linux 6.5), and for one with each message.
private let peer = """
    import errno, os, socket
    os.chdir(os.environ["HOME"])
    server = socket.socket(socket.AF_UNIX); server.bind("peer"); server.listen(1); os.chmod("peer", 0o666)
    client = socket.socket(socket.AF_UNIX); client.connect("peer"); other, _ = server.accept(); os.unlink("peer")
    for call in [lambda: other.getsockopt(1, 77), lambda: other.setsockopt(1, 76, 1)]:
        try: call(); print("given")
        except OSError as error: print(errno.errorcode[error.errno])
    print(len(other.getsockopt(1, 17, 12)))
    """

extension EndToEnd {
    /// Init is the supervisor's, in the command's process namespace.
    @MainActor @Suite(.serialized) struct Init {
        @Test(arguments: attempts, Account.available)
        func `the command changes and traces its own processes, and not pid 1`(_ line: String, as account: Account)
            throws
        {
            let world = try TestWorld.shared()
            let own =
                "sleep 9 & \(line.replacing("PID", with: "$!").replacing("'", with: "\"")); code=$?; kill $!; exit $code"
            let control = try world.run(own, as: account, egress: ["-q"])
            try #require(control.succeeded, "\(control)")
            let outcome = try world.run(line.replacing("PID", with: "1"), as: account, egress: ["-q"])
            #expect(!outcome.succeeded, "\(outcome)")
            #expect((outcome.standardOutput + outcome.standardError).contains("not permitted"), "\(outcome)")
        }

        @Test(arguments: Account.available)
        func `pid 1 is looked at as ever`(as account: Account) throws {
            let line = "prlimit --pid 1 --nofile >/dev/null && taskset -p 1 >/dev/null && ps -o ni= -p 1 && echo seen"
            let outcome = try TestWorld.shared().run(line, as: account, egress: ["-q"])
            #expect(outcome.standardOutput.hasSuffix("seen\n"), "\(outcome)")
        }

        @Test(arguments: Account.available)
        func `a server is given no descriptor of a peer's process`(as account: Account) throws {
            let world = try TestWorld.shared(), line = "/usr/bin/python3 -c '\(peer)'"
            let native = try world.run(line, as: account), held = try world.run(line, as: account, egress: ["-q"])
            // SO_PEERCRED tells ids, and is there.
            #expect(held.standardOutput == "ENOPROTOOPT\nENOPROTOOPT\n12\n", "\(held)")
            // The control: a kernel without it can't give any.
            #expect(
                ["given\ngiven\n12\n", "ENOPROTOOPT\nENOPROTOOPT\n12\n"].contains(native.standardOutput),
                "\(native)"
            )
        }
    }
}
