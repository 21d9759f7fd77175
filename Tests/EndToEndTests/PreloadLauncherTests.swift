// SPDX-License-Identifier: Apache-2.0

import BypassCorpus
import TestSupport
import Testing

private let isolation = ["--isolation", "preload", "--allow", "allowed.example:80"]

extension EndToEnd {
    @MainActor @Suite(.serialized) struct PreloadLauncher {
        @Test(arguments: [
            ("curl -s -m 5 http://allowed.example/", Int32(0)), ("curl -s -m 5 http://denied.example/", 6),
            ("exit 9", 9), ("kill -9 $$", 137),
        ])
        func `the isolation by preload warns and has the status of the command`(_ line: String, _ status: Int32) throws
        {
            for options in [isolation, isolation + ["--timeout", "20"], isolation + ["-q"]] {
                let outcome = try TestWorld.shared().run(line, as: .user, egress: options)
                #expect(outcome.status == status, "\(outcome)")
                #expect(
                    outcome.standardError.hasPrefix("egress-run: warning: '--isolation preload' is cooperative"),
                    "\(outcome)"
                )
            }
        }

        @Test(arguments: [("/nonexistent", Int32(127)), ("nonexistent", 127), ("/etc/passwd", 126)])
        func `a command that cannot run has the status of a shell`(_ command: String, _ status: Int32) throws {
            for options in [[], ["--timeout", "5"]] {
                let outcome = try TestWorld.shared().run(
                    ["egress-run"] + isolation + options + ["--", command],
                    as: .user
                )
                #expect(outcome.status == status, "\(outcome)")
            }
        }

        @Test func `a timeout ends the whole tree, what left it too`() throws {
            let line = "trap '' TERM; (setsid sh -c 'sleep 2; echo alive >&2' &); sleep 10"
            let outcome = try TestWorld.shared().run(
                "egress-run \(isolation.joined(separator: " ")) --timeout 0.5 -c \"\(line)\"; s=$?; sleep 2.5; exit $s",
                as: .user
            )
            #expect(outcome.status == 124, "\(outcome)")
            #expect(!outcome.standardError.contains("alive"), "\(outcome)")
        }

        @Test(arguments: [
            (["--allow", ".com"], "--allow"), (["--policy", "/nonexistent"], "/nonexistent"),
            (["--policy", "/dev/null"], "/dev/null"), (["--audit", "x"], "--audit"),
        ])
        func `what cannot be held to is refused before the command runs`(_ options: [String], _ says: String) throws {
            let outcome = try TestWorld.shared().run(
                "echo ran",
                as: .user,
                egress: ["--isolation", "preload"] + options
            )
            #expect(outcome.status == 125 && outcome.standardOutput.isEmpty, "\(outcome)")
            #expect(outcome.standardError.contains(says), "\(outcome)")
        }

        @Test func `rules of the caller's environment do not get in`() throws {
            let line =
                "export EGRESS_ALLOW=denied.example EGRESS_POLICY=/x; egress-run \(isolation.joined(separator: " ")) -- curl -s -m 5 http://denied.example/"
            let outcome = try TestWorld.shared().run(line, as: .user)
            #expect(outcome.status == 6, "\(outcome)")
        }

        @Test(arguments: Account.available)
        func `with namespaces, a denied name does not leave the process`(as account: Account) throws {
            let options = ["--preload", "--allow", "allowed.example:80", "--audit", "-"]
            let outcome = try TestWorld.shared().run(
                "curl -s -m 5 http://denied.example/",
                as: account,
                egress: options
            )
            #expect(outcome.status == 6, "\(outcome)")
            let told = outcome.standardError.split(separator: "\n").filter { $0.contains("denied.example") }
            #expect(told.count == 1 && told[0].contains("host_not_allowlisted"), "\(outcome)")
        }

        @Test(arguments: [
            "curl -sS -m 5 http://allowed.example/", "fetch-go http://allowed.example/",
            "fetch-musl allowed.example 80",
            "curl -sS -m 5 http://$(dig +short allowed.example A)/",
            "/usr/bin/python3 $WORLD/programs/loopback.py && echo welcome to",
        ])
        func `with namespaces, what the supervisor allows works with the library`(_ line: String) throws {
            let options = ["--allow", "allowed.example:80"]
            let control = try TestWorld.shared().run(line, as: .user, egress: options)
            let outcome = try TestWorld.shared().run(line, as: .user, egress: options + ["--preload"])
            #expect(outcome.status == control.status, "\(control) \(outcome)")
            // The server's clock may tick between the two.
            func timeless(_ text: String) -> [Substring] {
                text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("Date:") }
            }
            #expect(timeless(outcome.standardOutput) == timeless(control.standardOutput), "\(outcome)")
        }

        @Test(arguments: ["denied.example", deniedAddress], Account.available)
        func `with namespaces, taking the library away changes nothing about what is held`(
            _ host: String,
            as account: Account
        ) throws {
            for line in ["curl -s -m 5 http://\(host)/", "env -u LD_PRELOAD curl -s -m 5 http://\(host)/"] {
                var attempt = Attempt(title: line, line: line)
                attempt.policy = ["--preload"] + policy
                try attempt.expectHeld(as: account)
            }
        }
    }
}
