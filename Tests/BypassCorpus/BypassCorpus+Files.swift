// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// A directory that somebody outside opened, as each of the standard descriptors: paths that begin at it lead through the
/// machine's mounts, where nothing is covered.
private func standard(
    _ title: String,
    _ number: Int,
    _ path: String,
    _ mode: String,
    _ options: String = ""
) -> Attempt {
    let name = ["input", "output", "error"][number], sign = number == 0 ? "<" : ">"
    return Attempt(
        title: "a directory as standard \(name): \(title)",
        // Python doesn't start with a directory there, so that a shell moves it.
        line: """
            cd $HOME; \(key) : > audit
            HOLD sh -c 'exec 9\(sign)&\(number) \(number)\(sign)/dev/null; \(program("doors", "opened 9 \(path) \(mode)"))' \
            \(number)< .; s=$?; \(untidy); exit $s
            """,
        policy: TestWorld.policy + options.split(separator: " ").map(String.init),
        success: .exits,
        ending: .refused
    )
}

/// A signing key in the home directory, and what is left of a run.
private let key = "rm -f k* t* other; openssl genpkey -algorithm ed25519 -out k 2>/dev/null; chmod 600 k;"
private let untidy = "rm -f k k.pub k.launcher t audit other fifo"
private let attesting = "--attest t --attest-key k --worker-id w"
private let victim = "$(cat $WORLD/victim-$([ $(id -u) = 0 ] && echo root || echo user).pid)"

/// A file that the command must not see, by another path to it.
private func covered(
    _ title: String,
    _ path: String,
    _ mode: String,
    _ options: String,
    before: String = ":",
    inside: String = ":",
    stage: [String] = [],
    at directory: String = "$HOME",
    needs: String? = nil
) -> Attempt {
    Attempt(
        title: title,
        line: """
            cd \(directory); \(key) : > audit; \(before)
            HOLD sh -c '\(inside); \(program("doors", "opened - \(path) \(mode)"))'; s=$?; \(untidy); exit $s
            """,
        policy: TestWorld.policy + options.split(separator: " ").map(String.init),
        success: .exits,
        ending: .refused,
        stage: stage,
        needs: needs
    )
}

/// What is mounted outside while the command runs.
private func later(_ title: String, _ kind: String, _ line: String, _ accounts: [Account] = Account.allCases) -> Attempt
{
    Attempt(
        title: "a mount made outside meanwhile: \(title)",
        line: "\(program("doors", "seen $PLACE/later")) && \(line)",
        success: .exits,
        accounts: accounts,
        stage: ["shared", "later:\(kind)"],
        needs: kind == "cgroup2" ? "cgroup2" : nil
    )
}

private let odd = "$PLACE/$(printf '\\377')"
private let made = "egress-run-$$"

extension BypassCorpus {
    /// Ways to files that the command must not see, and to the kernel's own file systems.
    static let files: [Attempt] =
        (0...2).flatMap { number in
            [
                standard("a process outside", number, "../../../proc/\(victim)/status", "read"),
                standard("the signing key", number, "k", "read", attesting),
                standard("the audit", number, "audit", "write", "--audit audit"),
            ]
        } + [
            later("any", "tmpfs", "test -e $PLACE/later/marker"),
            later("another /proc", "proc", "cat $PLACE/later/\(victim)/status > /dev/null"),
            later("a sysctl", "proc", "attempt-static write $PLACE/later/sys/kernel/hostname", [.root]),
            later("a control group", "cgroup2", program("doors", "directory - $PLACE/later/\(made)"), [.root]),
            Attempt(
                title: "another /proc at a path that is no UTF-8",
                line: "cat \(odd)/\(victim)/status > /dev/null",
                success: .exits,
                ending: .refused,
                stage: ["odd:proc"]
            ),
            Attempt(
                title: "a sysctl by another /proc at a path that is no UTF-8",
                line: "attempt-static write \(odd)/sys/kernel/hostname",
                success: .exits,
                ending: .refused,
                accounts: [.root],
                stage: ["odd:proc"]
            ),
            Attempt(
                title: "a control group at a path that is no UTF-8",
                line: program("doors", "directory - \(odd)/\(made)"),
                success: .exits,
                ending: .refused,
                accounts: [.root],
                stage: ["odd:cgroup2"],
                needs: "cgroup2"
            ),
            Attempt(
                title: "a control group",
                line: program("doors", "directory - $PLACE/cgroup2/\(made)"),
                success: .exits,
                accounts: [.root],
                stage: ["at:cgroup2"],
                needs: "cgroup2"
            ),
            Attempt(
                title: "a control group by a directory as standard input",
                line:
                    "HOLD sh -c 'exec 9<&0 </dev/null; \(program("doors", "directory 9 \(made)"))' < $PLACE/cgroup2",
                success: .exits,
                ending: .refused,
                accounts: [.root],
                stage: ["at:cgroup2"],
                needs: "cgroup2"
            ),
            covered("the signing key by a second mount", "$PLACE/k", "read", attesting, stage: ["second"]),
            covered("the signing key by a hard link", "other", "read", attesting, before: "ln k other"),
            covered("the audit by a second mount", "$PLACE/audit", "write", "--audit audit", stage: ["second"]),
            covered("the audit by a hard link", "other", "write", "--audit audit", before: "ln audit other"),
            covered(
                "the signing key in a snapshot of btrfs",
                "$PLACE/copy/k",
                "read",
                attesting,
                inside: "btrfs subvolume snapshot . $PLACE/copy > /dev/null",
                stage: ["btrfs", "private"],
                at: "$PLACE/private",
                needs: "btrfs or loop devices"
            ).conceded("a snapshot is another file"),
            covered(
                "the signing key in the layer of an overlay",
                "$PLACE/upper/k",
                "read",
                attesting,
                stage: ["layered"],
                at: "$PLACE/merged",
                needs: "overlayfs"
            ).conceded("the file of a layer is another one"),
            {
                var attempt = covered(
                    "the signing key by its handle",
                    "",
                    "",
                    attesting,
                    before: program("doors", "handle k other")
                )
                attempt.line.replace("opened -  ", with: "by-handle other .")
                attempt.accounts = [.root]
                return attempt
            }(),
            Attempt(
                title: "the audit as a FIFO",
                line: """
                    cd $HOME; rm -f fifo; mkfifo fifo; sleep 9 < fifo & HOLD \(program("doors", "written fifo")); s=$?
                    kill $!; \(untidy); exit $s
                    """,
                policy: TestWorld.policy + ["--audit", "fifo"],
                success: .exits,
                ending: .refused
            ),
        ]
}
