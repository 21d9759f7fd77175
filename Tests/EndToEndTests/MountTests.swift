// SPDX-License-Identifier: Apache-2.0

import BypassCorpus
import TestSupport
import Testing

/// A line of root's, in a mount namespace of its own. `RUN` starts `egress-run` as the account that is tested; `PLAIN` starts
/// the same without it. `LAB` is a fresh directory that the account may enter.
private struct Scene: Sendable, CustomTestStringConvertible {
    var title: String
    var line: String
    /// What is printed with `egress-run` and what without, which shows that the line does what it says.
    var held: String
    var free: String

    var testDescription: String { title }

    func run(as account: Account, held isHeld: Bool) throws -> String {
        let world = try TestWorld.shared()
        let become =
            account == .root ? "" : "setpriv --reuid \(account.id) --regid \(account.id) --clear-groups env HOME=$LAB "
        let script =
            line.replacing("RUN ", with: become + (isHeld ? "egress-run -q " : ""))
            .replacing("OPTION ", with: isHeld ? "$GIVEN -- " : "")
        let lab = "export LAB=$(mktemp -d); chmod 777 $LAB; cd /; "
        let outcome = try world.run(["unshare", "-m", "--propagation", "shared", "sh", "-c", lab + script], as: .root)
        return outcome.standardOutput
    }
}

private let automounter = "/usr/bin/python3 $WORLD/programs/automount.py $LAB/net $LAB/asked"

private let scenes = [
    Scene(
        title: "an automounter is not asked for a name",
        line: "\(automounter) sh -c 'RUN ls $LAB/net/secret.evil.test 2> /dev/null'; sort -u $LAB/asked",
        held: "",
        free: "secret.evil.test\n"
    ),
    Scene(
        title: "an automounter is not asked from a working directory on it",
        line: "\(automounter) sh -c 'cd $LAB/net/kept; RUN ls ../secret.evil.test 2> /dev/null'; sort -u $LAB/asked",
        held: "",
        free: "secret.evil.test\n"
    ),
    Scene(
        title: "what is mounted on an automounter's directory stays",
        line: "\(automounter) sh -c 'RUN cat $LAB/net/kept/file'",
        held: "still here\n",
        free: "still here\n"
    ),
    Scene(
        title: "what is mounted outside during the run is not there",
        line: """
            mkdir $LAB/later; (until [ -e $LAB/started ]; do sleep 0.02; done
            mount -t tmpfs none $LAB/later; echo mounted > $LAB/later/file; : > $LAB/mounted) &
            RUN sh -c ': > $LAB/started; until [ -e $LAB/mounted ]; do sleep 0.02; done; cat $LAB/later/file 2>&1 | tail -c 8'
            """,
        held: "rectory\n",
        free: "mounted\n"
    ),
    Scene(
        title: "a /proc at a path that is no UTF-8 is the command's own",
        line: """
            dir=$LAB/$(printf '\\377\\376'); mkdir $dir; mount -t proc none $dir
            RUN sh -c 'cat $LAB/*/1/comm' | grep -c egress-init
            """,
        held: "1\n",
        free: "0\n"
    ),
    Scene(
        title: "a kernel file system elsewhere is read-only",
        line: """
            mkdir $LAB/k; mount -t bpf -o mode=777 none $LAB/k
            RUN sh -c 'mkdir $LAB/k/new 2> /dev/null && echo changed'
            """,
        held: "",
        free: "changed\n"
    ),
    Scene(
        title: "a device node elsewhere is not opened",
        line: "mknod -m 666 $LAB/zero c 1 5; RUN sh -c 'head -c 3 $LAB/zero 2> /dev/null | wc -c'",
        held: "0\n",
        free: "3\n"
    ),
    Scene(
        title: "a unix socket of /dev that is allowed by name is there",
        line: #"""
            mkdir $LAB/d; mount -t tmpfs -o mode=755 none $LAB/d; GIVEN="--allow-unix-datagram /dev/log"
            for n in null zero full random urandom tty; do : > $LAB/d/$n; mount --bind /dev/$n $LAB/d/$n; done
            mount --rbind $LAB/d /dev
            /usr/bin/python3 -c 'import os, socket
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind("/dev/log"); os.chmod("/dev/log", 0o666)
            s.settimeout(5); open(os.environ["LAB"] + "/up", "w"); print(s.recv(99).decode())' &
            until [ -e $LAB/up ]; do sleep 0.02; done
            RUN OPTION /usr/bin/python3 -c 'import socket; socket.socket(1, 2).sendto(b"told", "/dev/log")'; wait
            """#,
        held: "told\n",
        free: "told\n"
    ),
    Scene(
        title: "the audit is hidden at each mount of its file system",
        line: """
            mkdir $LAB/fs $LAB/again $LAB/part; mount -t tmpfs none $LAB/fs; mkdir -m 777 $LAB/fs/log
            : > $LAB/fs/log/audit; chmod 666 $LAB/fs/log/audit; GIVEN="--audit $LAB/fs/log/audit"
            mount --bind $LAB/fs $LAB/again; mount --bind $LAB/fs/log $LAB/part
            RUN OPTION sh -c 'for f in $LAB/fs/log $LAB/again/log $LAB/part; do echo mine 2>/dev/null > $f/audit; done'
            grep -c mine $LAB/fs/log/audit
            """,
        held: "0\n",
        free: "1\n"
    ),
    Scene(
        title: "an audit that is a FIFO is not written to by the command",
        line: """
            mkfifo -m 666 $LAB/audit; cat $LAB/audit > $LAB/read & GIVEN="--audit $LAB/audit"
            exec 9> $LAB/audit; RUN OPTION sh -c 'echo mine > $LAB/audit'; exec 9>&-; wait; grep -c mine $LAB/read
            """,
        held: "0\n",
        free: "1\n"
    ),
]

/// What is given as a standard descriptor, and a word of why it is refused.
private let descriptors = [
    ("< .", "a directory"), ("< /proc/sys/kernel/core_pattern", "kernel's own"),
    ("< /proc/self/ns/net", "kernel's own"), ("< /proc/self/fdinfo", "a directory"),
    ("> /proc/self/oom_score_adj", "kernel's own"), ("< /dev/ptmx", "no terminal"),
    ("<> /proc/self/comm", "kernel's own"),
    ("> /sys/kernel/mm/ksm/run", "kernel's own"),
]

extension EndToEnd {
    @MainActor @Suite(.serialized) struct Mounts {
        @Test(.enabled(if: Requirement.canBeRoot, "needs a test run by root"), arguments: scenes, Account.available)
        private func `mounts and files outside stay out of reach`(_ scene: Scene, as account: Account) throws {
            #expect(try scene.run(as: account, held: false) == scene.free, "without egress-run")
            #expect(try scene.run(as: account, held: true) == scene.held)
        }

        @Test(arguments: descriptors, Account.available)
        func `a descriptor that leads elsewhere is refused`(_ row: (given: String, reason: String), as account: Account)
            throws
        {
            let needsRoot = row.given.contains("/sys/")
            guard !needsRoot || account == .root else { return }
            let line = "sh -c 'echo started >&2' \(row.given)"
            let outcome = try TestWorld.shared().run("egress-run -q -- \(line)", as: account)
            #expect(outcome.status == 125, "\(outcome)")
            #expect(outcome.standardError.contains(row.reason), "\(outcome)")
            #expect(!outcome.standardError.contains("started"), "\(outcome)")
            let free = try TestWorld.shared().run(line, as: account)
            #expect(free.standardError == "started\n", "without egress-run: \(free)")
        }

        /// strace(1) makes the time long in which what was judged can change.
        @Test(.enabled(if: Requirement.canBeRoot, "needs a test run by root"), arguments: [false, true])
        func `mounts that change after they were judged, each time again, end the start`(_ areChanging: Bool) throws {
            let outcome = try TestWorld.shared().run(
                [
                    "unshare", "-m", "sh", "-c",
                    """
                    cd /; d=$(mktemp -d)
                    while \(areChanging) && [ ! -e $d.end ]; do mount -t tmpfs none $d; umount $d; done &
                    strace -o /dev/null -e trace=clone3 -e inject=clone3:delay_enter=200000 egress-run -q -- echo ran
                    s=$?; : > $d.end; exit $s
                    """,
                ],
                as: .root
            )
            #expect(outcome.status == (areChanging ? 125 : 0), "\(outcome)")
            #expect(outcome.standardOutput == (areChanging ? "" : "ran\n"), "\(outcome)")
            let isTold = outcome.standardError.contains("mounts, which change again and again")
            #expect(isTold == areChanging, "\(outcome)")
        }

        @Test(arguments: Account.available)
        func `an event counter is no standard input`(as account: Account) throws {
            let outcome = try TestWorld.shared().run(
                "/usr/bin/python3 -c 'import os; os.dup2(os.eventfd(0), 0); os.execvp(\"egress-run\", [\"egress-run\", \"true\"])'",
                as: account
            )
            #expect(outcome.status == 125 && outcome.standardError.contains("no file"), "\(outcome)")
        }

        @Test(arguments: Account.available)
        func `an audit with a second name is refused`(as account: Account) throws {
            let outcome = try TestWorld.shared().run(
                "d=$(mktemp -d); : > $d/a; ln $d/a $d/b; egress-run -q --audit $d/a -- echo ran",
                as: account
            )
            #expect(outcome.status == 125 && outcome.standardOutput == "", "\(outcome)")
            #expect(outcome.standardError.contains("hard links"), "\(outcome)")
        }

        @Test(arguments: Account.available)
        func `a hidden working directory that is not there inside ends the start`(as account: Account) throws {
            let outcome = try TestWorld.shared().run(
                "d=$(mktemp -d /dev/shm/XXXXXX); cd $d; egress-run -q -- echo ran; s=$?; rmdir $d; exit $s",
                as: account
            )
            #expect(outcome.status == 125 && outcome.standardOutput == "", "\(outcome)")
            #expect(outcome.standardError.contains("working directory"), "\(outcome)")
        }

        @Test(.enabled(if: Requirement.canBeRoot, "needs a test run by root"))
        func `a device is there when it is asked for`() throws {
            let world = try TestWorld.shared(), line = "test -c /dev/fuse && exec 3<> /dev/fuse && echo opened"
            #expect(try world.run(line, as: .root).standardOutput == "opened\n", "without egress-run")
            #expect(try !world.run(line, as: .root, egress: ["-q"]).succeeded)
            let given = try world.run(line, as: .root, egress: ["-q", "--device", "/dev/fuse"])
            #expect(given.standardOutput == "opened\n", "\(given)")
        }
    }
}
