// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// Lines that must have the same status and output with and without `egress-run`.
private let lines = [
    "pwd; cd /usr; pwd",
    "umask; umask 027; umask",
    "ulimit -n; ulimit -c; ulimit -u",
    "id",
    "env | grep -vE '^_=' | sort",
    "hostname",
    "nproc",
    "getent passwd root",
    "printf 'one\\0two\\n'; printf 'three\\n' >&2",
    "head -c 30000000 /dev/zero | tr '\\0' x",
    "head -c 3000000 /dev/zero | tr '\\0' y >&2",
    "cat < /dev/null; echo $?",
    "cat 0<&- ; echo $?",
    "cat /proc/self/oom_score_adj",
    "nice -n 5 nice",
    "tty",
    "locale 2>/dev/null | head -1",
    "sh -c 'exit 42'",
    "mkdir -p $HOME/made && echo written > $HOME/made/file && cat $HOME/made/file && rm -r $HOME/made",
    "date +%Z; ls -d /tmp /usr /etc",
    "test -w /dev/null && test -r /dev/urandom && echo devices",
    "python3 -c 'import multiprocessing as m; print(m.Pool(2).map(abs, [-1, -2]))'",
    "kill -0 $$ && echo alive",
    "trap 'echo child' CHLD; sleep 0.1; echo end",
]

extension EndToEnd {
    @MainActor @Suite(.serialized) struct Transparency {
        @Test(arguments: lines, Account.available)
        func `a command behaves as it would without`(_ line: String, as account: Account) throws {
            let world = try TestWorld.shared()
            let native = try world.run(line, as: account), held = try world.run(line, as: account, egress: ["-q"])
            #expect(held.status == native.status, "\(held)")
            #expect(held.standardOutput == native.standardOutput)
            #expect(held.standardError == native.standardError)
        }

        @Test(arguments: Account.available)
        func `standard input of any size passes`(as account: Account) throws {
            let input = [UInt8](repeating: UInt8(ascii: "z"), count: 20_000_000)
            let world = try TestWorld.shared()
            let native = try world.run("sha256sum", as: account, input: input)
            #expect(
                try world.run("sha256sum", as: account, egress: ["-q"], input: input).standardOutput
                    == native.standardOutput
            )
            let piped = try world.run("cat | egress-run -q -- cat | sha256sum", as: account, input: input)
            #expect(piped.standardOutput == native.standardOutput, "\(piped)")
        }

        @Test(arguments: Account.available)
        func `a reader that leaves ends the command with SIGPIPE`(as account: Account) throws {
            let outcome = try TestWorld.shared().run(
                ["bash", "-c", "egress-run -q -- yes | head -1; echo ${PIPESTATUS[0]}"],
                as: account
            )
            #expect(outcome.standardOutput == "y\n141\n", "\(outcome)")
        }

        @Test(arguments: Account.available)
        func `arguments pass unchanged`(as account: Account) throws {
            let arguments = ["", " ", "a b", "--", "-q", "*", "$HOME", "new\nline", "\u{1F600}", "\\", "'\""]
            let outcome = try TestWorld.shared().run(
                ["egress-run", "-q", "--", "printf", "%s|"] + arguments,
                as: account
            )
            #expect(outcome.standardOutput == arguments.map { $0 + "|" }.joined(), "\(outcome)")
        }

        @Test(arguments: Account.available)
        func `the command's own options are not ours`(as account: Account) throws {
            let outcome = try TestWorld.shared().run(["egress-run", "-q", "echo", "--help", "-q"], as: account)
            #expect(outcome.standardOutput == "--help -q\n", "\(outcome)")
        }
    }
}
