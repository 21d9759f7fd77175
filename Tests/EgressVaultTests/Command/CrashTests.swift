// SPDX-License-Identifier: Apache-2.0

import EgressVault
import TestSupport
import Testing

/// A writer is killed as it enters each system call that touches its files, in turn.
struct CrashTests {
    /// One call of a run: the Nth of its name. strace(1) counts each name by itself.
    struct Moment: CustomStringConvertible {
        var call: String
        var number: Int

        var description: String { "\(call) \(number)" }
    }

    static let calls = [
        "openat", "mkdir", "unlinkat", "fchmod", "write", "fsync", "renameat", "flock", "close", "exit_group",
    ]

    /// The command can't be dumped, so an ordinary user's strace(1) can't tell which file a call is about.
    private static let needsRoot: Comment = "needs a test run by root"

    /// Confines strace(1) to calls about the vault's files: else loading the program would count as well.
    private func filter(_ folder: Folder) -> [String] {
        let files = ["vault", "vault.lock", ".vault.egress-new"]
        let keys = ["vault.key", "vault.key.lock", "vault.key.next", ".vault.key.next.egress-new"]
        let names = files + keys
        let paths = ["", "/"].map { "\(folder.path)/egress\($0)" } + names.map { "\(folder.path)/egress/\($0)" }
        return (paths + names).flatMap { ["-P", $0] }
    }

    /// The calls that a command makes about the vault's files, as a run to its end shows.
    private func moments(_ arguments: [String], in folder: Folder, input: String = "") throws -> [Moment] {
        let log = folder.path + "/log"
        let strace = ["strace", "-f", "-qq", "-o", log, "-e", "trace=\(Self.calls.joined(separator: ","))"]
        let outcome = try Command.vault(arguments, in: folder, input: input, under: strace + filter(folder))
        try #require(outcome.succeeded, "\(outcome)")
        var counts: [Substring: Int] = [:], moments: [Moment] = []
        for line in (text(of: log) ?? "").split(separator: "\n") {
            let fields = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            guard fields.count == 2, let call = fields[1].drop(while: { $0 == " " }).split(separator: "(").first,
                Self.calls.contains(String(call))
            else { continue }
            counts[call, default: 0] += 1
            moments.append(Moment(call: String(call), number: counts[call] ?? 0))
        }
        return moments
    }

    /// Runs a command that is killed at a moment: the call is not performed any more.
    private func run(_ arguments: [String], killedAt moment: Moment, in folder: Folder, input: String = "") throws {
        let strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=\(moment.call)"] + filter(folder)
        let inject = ["-e", "inject=\(moment.call):signal=SIGKILL:when=\(moment.number)"]
        let outcome = try Command.vault(arguments, in: folder, input: input, under: strace + inject)
        try #require(outcome.status == 137, "\(moment): \(outcome)")
    }

    /// The folder of the default paths.
    private func vault(_ folder: Folder) -> FileVault {
        FileVault(path: folder.path + "/egress/vault", key: .file(folder.path + "/egress/vault.key"))
    }

    @Test(.enabled(if: Requirement.canBeRoot, Self.needsRoot))
    func `a killed writer leaves the old vault or the new one`() throws {
        let folder = try Folder()
        #expect(try Command.vault(["init"], in: folder).succeeded)
        #expect(try Command.vault(["set", "other"], in: folder, input: "kept").succeeded)
        var old = 0, new = 0
        for moment in try moments(["set", "a"], in: folder, input: "0") {
            let before = try vault(folder).text("a"), value = moment.description
            try run(["set", "a"], killedAt: moment, in: folder, input: value)
            let after = try vault(folder).text("a")
            #expect(after == before || after == value, "killed at \(moment)")
            #expect(try vault(folder).text("other") == "kept", "killed at \(moment)")
            if after == before { old += 1 } else { new += 1 }
        }
        // Else nothing was shown: some were killed before the new vault was there, and some after.
        #expect(old > 10 && new > 2, "\(old) old, \(new) new")
        #expect(try !vault(folder).set("a", "set"))
        let names = try Command.run(["ls", "-A", folder.path + "/egress"]).standardOutput
        #expect(names == "vault\nvault.key\nvault.key.lock\nvault.lock\n")
    }

    @Test(.enabled(if: Requirement.canBeRoot, Self.needsRoot))
    func `a killed rotation leaves the vault under the old key or the new one`() throws {
        let folder = try Folder()
        #expect(try Command.vault(["init"], in: folder).succeeded)
        _ = try vault(folder).set("a", "kept")
        let key = folder.path + "/egress/vault.key"
        var old = 0, between = 0, new = 0
        for moment in try moments(["rotate"], in: folder) {
            let before = contents(of: key)
            try run(["rotate"], killedAt: moment, in: folder)
            #expect(try vault(folder).text("a") == "kept", "killed at \(moment)")
            if contents(of: key) != before {
                new += 1
            } else if contents(of: key + ".next") != nil {
                between += 1
            } else {
                old += 1
            }
        }
        #expect(old > 10 && between > 3 && new > 2, "\(old) old, \(between) between, \(new) new")
        // And writers go on.
        #expect(try !vault(folder).set("a", "set"))
        #expect(try vault(folder).text("a") == "set")
    }

    @Test(.enabled(if: Requirement.canBeRoot, Self.needsRoot))
    func `a killed init leaves no vault or a whole one`() throws {
        var none = 0, whole = 0
        for moment in try moments(["init"], in: try Folder()) {
            let folder = try Folder()
            try run(["init"], killedAt: moment, in: folder)
            do {
                #expect(try vault(folder).list().isEmpty, "killed at \(moment)")
                whole += 1
            } catch VaultError.noVault {
                none += 1
                #expect(try Command.vault(["init"], in: folder).succeeded, "after it was killed at \(moment)")
            }
            _ = try vault(folder).set("a", "x")
            #expect(try vault(folder).text("a") == "x", "killed at \(moment)")
        }
        #expect(none > 10 && whole > 2, "\(none) none, \(whole) whole")
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
        #expect(outcome.standardOutput == "vault\nvault.key\nvault.key.lock\nvault.lock\nkept", "\(outcome)")
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
