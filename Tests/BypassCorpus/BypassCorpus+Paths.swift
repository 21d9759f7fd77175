// SPDX-License-Identifier: Apache-2.0

import TestSupport

private let socket = "$WORLD/canary.socket"

private let attack = "/usr/bin/python3 $WORLD/programs/attack.py"
private let standardInput = ["/usr/bin/python3", "$WORLD/programs/inherit.py", "giver", "0"]

private func received(_ title: String, _ what: String, _ under: [String] = [], concession: String? = nil) -> Attempt {
    Attempt(
        title: title,
        line: "\(attack) received \(what) \(TestWorld.deniedAddress) 4444",
        policy: TestWorld.policy + ["--allow-unix", "$WORLD/giver.socket"],
        ending: .refused,
        under: under,
        concession: concession
    )
}

extension BypassCorpus {
    /// Ways to name a unix socket of a process outside.
    static let paths: [Attempt] =
        [
            ("30 a unix socket of the host", "echo hello | nc -N -U \(socket)"),
            ("30 a relative path", "cd $WORLD && echo hello | nc -N -U canary.socket"),
            ("30 a path with dots", "cd $WORLD/bin && echo hello | nc -N -U ../canary.socket"),
            ("30 a link", "d=$(mktemp -d) && ln -s \(socket) $d/link && echo hello | nc -N -U $d/link"),
            ("30 the root of a process", "echo hello | nc -N -U /proc/self/root\(socket)"),
            ("30 a working directory", "cd $WORLD && echo hello | nc -N -U /proc/self/cwd/canary.socket"),
        ].map { Attempt(title: $0.0, line: $0.1) } + [
            Attempt(
                title: "30 a link that is replaced meanwhile",
                line: "swap-glibc link \(socket)",
                ending: .answered
            ),
            Attempt(title: "30 a unix datagram", line: "\(attack) local own $WORLD/canary.datagram"),
            Attempt(title: "30 a unix datagram from a pair", line: "\(attack) local pair $WORLD/canary.datagram"),
            Attempt(title: "30 a unix datagram from a raw socket", line: "\(attack) local raw $WORLD/canary.datagram"),
            received("32 a host's socket over an allowed unix socket", "tcp $WORLD/giver.socket"),
            received(
                "32 a host's datagram socket over an allowed unix socket",
                "udp $WORLD/giver.socket",
                concession: "an allowed unix socket is an exit"
            ),
            received("32 a host's socket over standard input", "tcp 0", standardInput),
            received(
                "32 a host's datagram socket over standard input",
                "udp 0",
                standardInput,
                concession: "standard input is the caller's"
            ),
        ]
}
