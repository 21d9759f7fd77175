// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import TestSupport

private let socket = "$WORLD/canary.socket"

private let attack = "/usr/bin/python3 $WORLD/programs/attack.py"

/// A command's standard input as a unix socket, over which sockets were sent before, or are sent all the time.
private func standardInput(_ kind: String) -> [String] {
    ["/usr/bin/python3", "$WORLD/programs/inherit.py", kind, "0"]
}

/// Sockets of the host's network that somebody outside hands over.
private func received(_ title: String, _ what: String, _ under: [String] = [], way: String = "") -> Attempt {
    Attempt(
        title: title,
        line: "\(attack) received \(what) \(TestWorld.deniedAddress) 4444 \(way)",
        policy: TestWorld.policy + ["--allow-unix", "$WORLD/giver.socket"],
        ending: .refused,
        under: under,
        concession: ReceivedRights.canBeRefused ? nil : "whoever is at the other end hands it over, before Linux 6.16"
    )
}

private let ways = [
    ("", ""), (", which is asked to take it", "asked"), (", through a duplicate", "duplicate"),
    (", through what pidfd_getfd gives", "taken"),
]

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
            Attempt(
                title: "30 a socket that two processes look at meanwhile",
                line: "twoways-glibc $WORLD canary.socket",
                ending: .answered
            ),
            Attempt(title: "30 a unix datagram", line: "\(attack) local own $WORLD/canary.datagram"),
            Attempt(title: "30 a unix datagram from a pair", line: "\(attack) local pair $WORLD/canary.datagram"),
            Attempt(title: "30 a unix datagram from a raw socket", line: "\(attack) local raw $WORLD/canary.datagram"),
        ]
        + ["tcp", "udp"].flatMap { kind in
            let what = kind == "tcp" ? "32 a host's socket" : "32 a host's datagram socket"
            return ways.flatMap { title, way in
                [
                    received("\(what) over an allowed socket\(title)", "\(kind) $WORLD/giver.socket", way: way),
                    received("\(what) over standard input\(title)", "\(kind) 0", standardInput("late"), way: way),
                ]
            } + [received("\(what) sent to standard input before", "\(kind) 0", standardInput("giver"))]
        }
        + mediated
}

/// Where a run allows unix datagram sockets, and one that is no canary.
private let allowingDatagrams =
    TestWorld.policy + ["--allow-unix-datagram", "inside", "--allow-unix-datagram", "$WORLD/canary.ready"]

private let mediated: [Attempt] =
    [
        ("30 a unix datagram by sendto, where datagrams are allowed", "sendto", Attempt.Ending.fails),
        ("30 a unix datagram by sendmsg, where datagrams are allowed", "sendmsg", .fails),
        ("30 a unix datagram by sendmmsg, where datagrams are allowed", "sendmmsg", .fails),
        ("30 a datagram's address is rewritten meanwhile", "name", .answered),
        ("30 a datagram's descriptor is replaced meanwhile", "descriptor", .answered),
    ].map { title, way, ending in
        Attempt(
            title: title,
            line: "datagrams-glibc \(way) $WORLD/canary.datagram",
            policy: allowingDatagrams,
            ending: ending
        )
    }
    + ["own", "pair", "raw", "connected", "relative"].map { kind in
        Attempt(
            title: "30 a unix datagram, \(kind), where datagrams are allowed",
            line: "cd $WORLD && \(attack) local \(kind) $WORLD/canary.datagram",
            policy: allowingDatagrams
        )
    }
    + [
        // The mediated calls of other sockets are held as those that are not.
        ("25 an unconnected datagram, mediated", "udp \(TestWorld.deniedAddress) 4444"),
        ("25 packet info, mediated", "udp-packet-info \(TestWorld.deniedAddress) 4444"),
    ].map { Attempt(title: $0.0, line: "\(attack) \($0.1)", policy: allowingDatagrams, ending: .answered) }
    + [
        Attempt(
            title: "17 sendmsg with MSG_FASTOPEN, mediated",
            line: "connect-static fastopen-sendmsg \(TestWorld.deniedAddress) 4444",
            policy: allowingDatagrams
        ),
        Attempt(
            title: "17 sendto with MSG_FASTOPEN, mediated",
            line: "connect-static fastopen-sendto \(TestWorld.deniedAddress) 4444",
            policy: allowingDatagrams
        ),
    ]
