// SPDX-License-Identifier: Apache-2.0

import EgressVault
import TestSupport
import Testing

/// A writer is killed as it enters each of its system calls in turn, until one run comes to its end.
struct CrashTests {
    /// What touches files. strace(1) counts these calls, and sends SIGKILL with the Nth, which is then not performed.
    static let calls = "openat,mkdir,unlinkat,fchmod,write,fsync,renameat,renameat2,rename,flock,close,exit_group"

    /// Runs a command, killed at its Nth call; true if it came to its end.
    private func run(_ arguments: [String], killedAt number: Int, in folder: Folder, input: String = "") throws -> Bool
    {
        let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(Self.calls)"]
        let inject = ["-e", "inject=\(Self.calls):signal=SIGKILL:when=\(number)"]
        let outcome = try Command.vault(arguments, in: folder, input: input, under: strace + inject)
        try #require(outcome.status == 0 || outcome.status == 137, "\(outcome)")
        return outcome.succeeded
    }

    /// The folder of the default paths.
    private func vault(_ folder: Folder) -> FileVault {
        FileVault(path: folder.path + "/egress/vault", key: .file(folder.path + "/egress/vault.key"))
    }

    @Test func `a killed writer leaves the old vault or the new one`() throws {
        let folder = try Folder()
        #expect(try Command.vault(["init"], in: folder).succeeded)
        #expect(try Command.vault(["set", "other"], in: folder, input: "kept").succeeded)
        _ = try vault(folder).set("a", "0")
        var old = 0, new = 0, isDone = false
        for number in 1...400 where !isDone {
            let before = try vault(folder).text("a")
            isDone = try run(["set", "a"], killedAt: number, in: folder, input: String(number))
            let after = try vault(folder).text("a")
            #expect(after == before || after == String(number), "killed at call \(number)")
            #expect(try vault(folder).text("other") == "kept", "killed at call \(number)")
            if !isDone { if after == before { old += 1 } else { new += 1 } }
        }
        #expect(isDone)
        // Else nothing was shown: it was killed while the old vault was there, and when the new one was.
        #expect(old > 10 && new > 0, "\(old) old, \(new) new")
        let names = try Command.run(["ls", "-A", folder.path + "/egress"]).standardOutput
        #expect(names == "vault\nvault.key\nvault.lock\n")
    }

    @Test func `a killed rotation leaves the vault under the old key or the new one`() throws {
        let folder = try Folder()
        #expect(try Command.vault(["init"], in: folder).succeeded)
        _ = try vault(folder).set("a", "kept")
        let key = folder.path + "/egress/vault.key"
        var old = 0, between = 0, new = 0, isDone = false
        for number in 1...600 where !isDone {
            let before = contents(of: key)
            isDone = try run(["rotate"], killedAt: number, in: folder)
            #expect(try vault(folder).text("a") == "kept", "killed at call \(number)")
            if contents(of: key) != before {
                new += 1
            } else if contents(of: key + ".next") != nil {
                between += 1
            } else {
                old += 1
            }
        }
        #expect(isDone)
        #expect(old > 10 && between > 3 && new > 1, "\(old) old, \(between) between, \(new) new")
        // And writers go on.
        #expect(try !vault(folder).set("a", "set"))
        #expect(try vault(folder).text("a") == "set")
    }

    @Test func `a killed init leaves no vault or a whole one`() throws {
        var none = 0, whole = 0, isDone = false
        for number in 1...400 where !isDone {
            let folder = try Folder()
            isDone = try run(["init"], killedAt: number, in: folder)
            do {
                #expect(try vault(folder).list().isEmpty, "killed at call \(number)")
                whole += 1
            } catch VaultError.noVault {
                none += 1
                #expect(try Command.vault(["init"], in: folder).succeeded, "after it was killed at call \(number)")
            }
            _ = try vault(folder).set("a", "x")
            #expect(try vault(folder).text("a") == "x", "killed at call \(number)")
        }
        #expect(isDone)
        #expect(none > 10 && whole > 1, "\(none) none, \(whole) whole")
    }

    @Test(.enabled(if: Requirement.canBeRoot))
    func `a full disk leaves the old vault`() throws {
        let script = """
            set -e
            export XDG_CONFIG_HOME=$1
            mount -t tmpfs -o size=64k tmpfs "$1"
            "$0" vault init >&2
            printf kept | "$0" vault set a >&2
            cp "$1/egress/vault" /dev/shm/before.$$
            head -c 1000000 /dev/zero >"$1/fill" 2>/dev/null || true
            status=0
            head -c 200000 /dev/zero | "$0" vault set b || status=$?
            cmp "$1/egress/vault" /dev/shm/before.$$
            rm /dev/shm/before.$$
            ls -A "$1/egress"
            "$0" vault get a --reveal
            exit $status
            """
        let folder = try Folder()
        let outcome = try Command.run(["unshare", "-m", "bash", "-c", script, Command.egress, folder.path])
        #expect(outcome.status == 70, "\(outcome)")
        #expect(outcome.standardOutput == "vault\nvault.key\nvault.lock\nkept", "\(outcome)")
        #expect(outcome.standardError.contains("No space left on device"), "\(outcome)")
    }

    @Test func `twenty writers at once undo nothing of each other`() throws {
        let folder = try Folder()
        let script = """
            "$0" vault init
            for i in $(seq 20); do printf "v$i" | "$0" vault set "n$i" & pids="$pids $!"; done
            for pid in $pids; do wait "$pid" || exit 1; done
            for i in $(seq 20); do [ "$("$0" vault get "n$i" --reveal)" = "v$i" ] || exit 2; done
            """
        let outcome = try Command.run(
            ["env", "XDG_CONFIG_HOME=\(folder.path)", "bash", "-c", script, Command.egress]
        )
        #expect(outcome.succeeded, "\(outcome)")
        #expect(try vault(folder).list().count == 20)
    }
}
