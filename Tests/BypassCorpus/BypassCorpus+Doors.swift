// SPDX-License-Identifier: Apache-2.0

import TestSupport

private let attack = "/usr/bin/python3 $WORLD/programs/attack.py"
private let denied = TestWorld.deniedAddress
private let allowed = TestWorld.allowedAddress

extension BypassCorpus {
    /// Side doors of the kernel.
    static let doors: [Attempt] = [
        Attempt(title: "17 sendto with MSG_FASTOPEN", line: "connect-static fastopen-sendto \(denied) 4444"),
        Attempt(title: "17 sendmsg with MSG_FASTOPEN", line: "connect-static fastopen-sendmsg \(denied) 4444"),
        Attempt(title: "17 sendmmsg with MSG_FASTOPEN", line: "connect-static fastopen-sendmmsg \(denied) 4444"),
        Attempt(title: "18 TCP_FASTOPEN_CONNECT", line: "connect-static fastopen-option \(denied) 4444"),
        Attempt(title: "19 io_uring", line: "uring-glibc \(denied) 4444"),
        Attempt(
            title: "19 io_uring with an inherited ring",
            line: "uring-glibc \(denied) 4444",
            under: ["$WORLD/bin/uring-glibc", "hand-over"]
        ),
        Attempt(title: "20 int 0x80 connect", line: "compat-glibc int80 \(denied) 4444"),
        Attempt(title: "20 int 0x80 socketcall", line: "compat-glibc socketcall \(denied) 4444"),
        Attempt(
            title: "22 the address is rewritten meanwhile",
            line: "race-glibc \(allowed) \(denied) 80",
            ending: .answered
        ),
        Attempt(title: "20 a 32-bit program", line: "connect-i386"),
        Attempt(title: "21 x32 system calls", line: "compat-glibc x32 \(denied) 4444", needs: "x32 in this kernel"),
        Attempt(
            title: "23 the descriptor is replaced meanwhile",
            line: "swap-glibc descriptor \(denied) 4444 $WORLD/canary.socket",
            ending: .answered
        ),
        Attempt(title: "24 AF_UNSPEC and then elsewhere", line: "connect-static dissolved \(denied) 4444"),
        Attempt(
            title: "26 shadowing an allowed port",
            line: "\(attack) shadow \(allowed) 9443 \(denied)",
            policy: ["-q", "--allow", "allowed.example:9443"]
        ),
        Attempt(title: "39 a socket address of 128 bytes", line: "\(attack) long-address \(denied) 4444"),
        Attempt(title: "27 MPTCP", line: "connect-static multipath \(denied) 4444"),
        Attempt(title: "27 a raw socket", line: "\(attack) raw-udp \(denied) 4444", accounts: [.root]),
        Attempt(title: "31 an abstract socket of the host", line: "\(attack) abstract egress-canary"),
        Attempt(
            title: "33 an inherited socket",
            line: "\(attack) inherited 7 \(denied) 4444",
            under: ["/usr/bin/python3", "$WORLD/programs/inherit.py", "tcp", "7"]
        ),
        Attempt(
            title: "33 an inherited socket as standard input",
            line: "\(attack) inherited 0 \(denied) 4444",
            ending: .refused,
            under: ["/usr/bin/python3", "$WORLD/programs/inherit.py", "tcp", "0"]
        ),
        Attempt(
            title: "33 an inherited datagram socket as standard input",
            line: "\(attack) inherited 0 \(denied) 4444",
            ending: .refused,
            under: ["/usr/bin/python3", "$WORLD/programs/inherit.py", "udp", "0"]
        ),
        Attempt(
            title: "34 nsenter",
            line: "nsenter --net=/proc/1/ns/net connect-static plain \(denied) 4444",
            accounts: [.root]
        ),
        Attempt(
            title: "34 a route of its own",
            line:
                "ip route replace local default dev lo src \(allowed) table main; connect-static plain \(denied) 4444",
            accounts: [.root]
        ),
        Attempt(title: "36 a seccomp listener on top", line: "stack-glibc listener \(denied) 4444"),
        Attempt(title: "36 a tracer that makes another call of one", line: "stack-glibc trace \(denied) 4444"),
        Attempt(title: "40 static Go", line: "fetch-go http://\(denied)/"),
        Attempt(title: "40 without LD_PRELOAD", line: "env -u LD_PRELOAD curl -s -m 5 http://\(denied)/"),
        Attempt(title: "40 a process that leaves the session", line: "setsid -w \(attack) tcp \(denied) 4444"),
        Attempt(title: "40 a grandchild", line: "sh -c '(\(attack) tcp \(denied) 4444; exit $?); exit $?'; exit $?"),
        Attempt(title: "40 without an environment", line: "env -i $WORLD/bin/connect-musl plain \(denied) 4444"),
    ]
}
