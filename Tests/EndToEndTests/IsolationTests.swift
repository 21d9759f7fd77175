// SPDX-License-Identifier: Apache-2.0

import BypassCorpus
import TestSupport
import Testing

private func row(_ title: String, _ line: String, _ output: String) -> Success {
    Success(title: title, line: line, output: output)
}

private let facts = [
    row("it has no pid of the outside", "ls /proc | grep -c '^[0-9]*$' | xargs test 8 -gt && echo few", "few"),
    row("pid 1 is egress-run's own", "tr -d '\\0' < /proc/1/comm", "egress"),
    row("no new privileges", "grep NoNewPrivs /proc/self/status", "1"),
    row("a seccomp filter", "grep Seccomp: /proc/self/status", "2"),
    row("the bounding set is cut", "grep CapBnd /proc/self/status | grep -qv 1ffffffffff && echo cut", "cut"),
    row("/proc/sys is read-only", "echo 1 2>/dev/null > /proc/sys/net/ipv4/ip_forward || echo held", "held"),
    row("two links, one of them loopback", "ip -br link | wc -l", "2"),
    row("resolv.conf names a resolver inside", "grep -c ^nameserver /etc/resolv.conf", "1"),
    row("hosts holds loopback only", "grep -c hostsfile /etc/hosts || true", "0"),
    row("no descriptor of ours is inherited", "ls /proc/self/fd | grep -cv '^[0-3]$' || true", "0"),
    row("pid 1 takes nothing from root", "echo 5 2>/dev/null > /proc/1/oom_score_adj || echo held", "held"),
    row(
        "its /dev holds what leads nowhere",
        "ls /dev | grep -v mqueue | xargs",
        "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero\n"
    ),
    row("its terminals are its own", "ls /dev/pts", "ptmx\n"),
    row(
        "what is written to null is gone",
        "echo x > /dev/null && chmod 600 /dev/null 2>/dev/null || echo kept",
        "kept"
    ),
    row("a terminal is opened", "python3 -c 'import pty; pty.spawn([\"tty\"])'", "/dev/pts/0"),
    row("script opens a terminal", "script -qec tty /dev/null", "/dev/pts/0"),
    row(
        "tmux opens a terminal",
        "tmux -L egress -f /dev/null new-session -d 'tty > $HOME/tty' && while [ ! -s $HOME/tty ]; do sleep 0.05; done; "
            + "cat $HOME/tty; rm $HOME/tty",
        "/dev/pts/0"
    ),
    row(
        "memory is shared",
        "python3 -c 'from multiprocessing import shared_memory as m; s = m.SharedMemory(create=True, size=9); s.unlink(); "
            + "print(\"shared\")'",
        "shared"
    ),
    row("strace of a child works", "strace -f -o /dev/null true && echo traced", "traced"),
    row(
        "gdb of a child works",
        "gdb -batch -ex run -ex 'info inferiors' --args /bin/true 2>&1 | grep 'exited normally'",
        "exited normally"
    ),
    row(
        "a datagram to a link-local address is refused at once",
        "python3 -c 'import socket; socket.socket(10, 2).sendto(b\"x\", (\"fe80::5\", 4444, 0, socket.if_nametoindex(\"eth0\")))' "
            + "2>&1 | tail -1",
        "Permission denied"
    ),
    row(
        "processes inside signal each other",
        "sleep 9 & kill -TERM $! && { wait $!; test $? = 143; } && echo signalled",
        "signalled"
    ),
    row(
        "abstract sockets inside are connected",
        "python3 -c 'import socket as s; a = s.socket(1); a.bind(\"\\0inside\"); a.listen(); b = s.socket(1); "
            + "b.connect(\"\\0inside\"); print(\"met\")'",
        "met"
    ),
    row(
        "gdb enters an own process",
        "sleep 9 & gdb -batch -p $! -ex 'info inferiors' 2>&1 | grep -o 'process.*sleep'; kill $!",
        "sleep"
    ),
    row("strace shows a connect", "strace -e connect connect-glibc plain 185.199.108.153 80 2>&1 || true", "connect(3"),
]

private let rootFacts = [
    row("another user may be taken on", "setpriv --reuid _apt --regid nogroup --clear-groups id -un", "_apt"),
    row(
        "another user reaches what is allowed",
        "setpriv --reuid _apt --regid nogroup --clear-groups fetch-musl allowed.example 80",
        "welcome"
    ),
    row("files change owner", "f=$(mktemp) && chown 42:42 $f && stat -c %u:%g $f && rm $f", "42:42"),
    row("root writes where root may", "touch /root/.egress-probe && rm /root/.egress-probe && echo written", "written"),
    row("a low port is bound", "timeout 0.3 nc -l 127.0.0.1 81; echo $?", "124"),
]

extension EndToEnd {
    @MainActor @Suite(.serialized) struct Isolation {
        @Test(arguments: facts, Account.available)
        func `what a command sees from inside`(_ row: Success, as account: Account) throws {
            try row.expect(as: account)
        }

        @Test(.enabled(if: Requirement.canBeRoot, "needs a test run by root"), arguments: rootFacts)
        func `root inside can still do what package managers do`(_ row: Success) throws {
            try row.expect(as: .root)
        }

        @Test(.enabled(if: Requirement.canBeRoot, "needs a test run by root"))
        func `another user of a root run is held as well`() throws {
            try Attempt(
                title: "",
                line: "setpriv --reuid _apt --regid nogroup --clear-groups connect-static plain \(deniedAddress) 4444"
            ).expectHeld(as: .root)
        }

        @Test(arguments: Account.available)
        func `egress-run inside egress-run fails closed`(as account: Account) throws {
            let (outcome, leaked) = try TestWorld.shared().arrivals {
                try TestWorld.shared().run(
                    "egress-run -q --allow \(deniedAddress):4444 -- connect-static plain \(deniedAddress) 4444",
                    as: account,
                    egress: policy
                )
            }
            #expect(!outcome.succeeded, "\(outcome)")
            #expect(leaked == [])
        }
    }
}
