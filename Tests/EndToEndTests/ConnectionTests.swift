// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

private let address = EndToEnd.allowedAddress

/// The digest of `hello\n`, which the digest service answers at the end of what it read.
private let digest = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"

/// Leave for every service of the allowed servers, by name and by address.
private let services =
    ["-q"]
    + [
        "allowed.example", "unreachable6.example", "refused6.example", "silent6.example", address,
        "[2606:2800:220:1::1]", "93.184.216.99", "93.184.216.98", "[2606:2800:220:1::dead]",
    ].flatMap { ["--allow", $0] }

private func row(_ title: String, _ line: String, _ output: String = "") -> Success {
    Success(title: title, line: line, output: output, policy: services)
}

private let ways =
    ["plain", "poll", "epoll-first", "dup-first", "fork-first", "dissolved", "in-file", "astride"].flatMap { way in
        ["static", "musl", "glibc"].map { row("\(way), \($0)", "connect-\($0) \(way) \(address) 7000", digest) }
    } + [row("epoll-first over IPv6", "connect-musl epoll-first 2606:2800:220:1::1 7000", digest)]

private let fetches =
    ["unreachable6", "refused6"].flatMap { host in
        [
            row("curl, \(host)", "curl -sS -m 5 http://\(host).example/", "welcome"),
            row(
                "python, \(host)",
                "/usr/bin/python3 $WORLD/programs/clients/fetch.py urllib http://\(host).example/",
                "welcome"
            ),
            row("node, \(host)", "node $WORLD/programs/clients/fetch.js http://\(host).example/", "welcome"),
            row("Go, \(host)", "fetch-go http://\(host).example/", "welcome"),
            row("musl, \(host)", "fetch-musl \(host).example 80", "welcome"),
        ]
    } + [
        row("curl, silence", "curl -sS -m 5 http://silent6.example/", "welcome"),
        row("Go, silence", "fetch-go http://silent6.example/", "welcome"),
    ]

private let attack = "/usr/bin/python3 $WORLD/programs/attack.py"
private let sameDigest = #"= "$(cat $WORLD/www/big.sha256)" && echo same"#

private let streams = [
    row(
        "200 connections at once",
        "curl -sS -m 15 -Z --parallel-immediate --parallel-max 200 'http://allowed.example/?[1-200]' | grep -c welcome",
        "200"
    ),
    row(
        "a download of 200 MiB",
        #"test "$(curl -sS http://allowed.example/big | sha256sum | cut -c-64)" \#(sameDigest)"#,
        "same"
    ),
    row(
        "an upload of 200 MiB",
        #"test "$(curl -sS -T $WORLD/www/big http://allowed.example:8080/)" \#(sameDigest)"#,
        "same"
    ),
    row(
        "a half-close after 50 MB",
        "head -c 50000000 /dev/zero | nc -N -w 10 \(address) 7000",
        "ab46920a3bcd0891d34367719808bc3f832e4968ddfbfb464d093e306d2275ad"
    ),
    row("a reader that stalls", "head -c 40000000 /dev/zero | nc -N -w 10 \(address) 7006", "40000000"),
    row("a loopback server on an allowed port", "/usr/bin/python3 $WORLD/programs/loopback.py \(address) 8080", "ok"),
    row("an answer by datagram", "\(attack) udp-connected \(address) 7002"),
    row("an answer by datagram over IPv6", "\(attack) udp-connected 2606:2800:220:1::1 7002"),
    row("an answer by datagram to a mapped address", "\(attack) udp-connected ::ffff:\(address) 7002"),
    Success(
        title: "a port of the host's loopback that is allowed",
        line: "nc -N -w 5 127.0.0.1 5432 < /dev/null",
        output: "host database",
        policy: ["-q", "--allow", "127.0.0.1:5432"]
    ),
]

/// How a connection that cannot be had must fail, as the kernel would say it.
private let failures: [(String, [String])] = [
    ("plain \(address) 9", ["connect: ECONNREFUSED"]),
    ("cut-off \(address) 80", ["connect: EFAULT"]),
    ("epoll-first \(address) 9", ["connect: ECONNREFUSED"]),
    ("plain 2606:2800:220:1::1 9", ["connect: ECONNREFUSED"]),
    ("plain 93.184.216.99 80", ["connect: EHOSTUNREACH"]),
    ("plain 2606:2800:220:1::dead 80", ["connect: EHOSTUNREACH", "connect: ENETUNREACH"]),
    ("plain 93.184.216.98 80", ["connect: EACCES", "connect: EHOSTUNREACH"]),
    ("poll \(address) 7009", ["poll: ETIMEDOUT"]),
    ("plain \(address) 7001", ["ECONNRESET", "ENOTCONN", "EPIPE"]),
]

/// How a client ends, and what its server sees of that.
private let endings = [
    (#"import socket; s = socket.create_connection(("ADDRESS", 7003)); s.recv(9); s.close()"#, "end of file"),
    (
        #"import socket, struct; s = socket.create_connection(("ADDRESS", 7003)); s.recv(9); "#
            + #"s.setsockopt(1, 13, struct.pack("ii", 1, 0)); s.close()"#,
        "reset"
    ),
    (
        #"import socket; s = socket.create_connection(("ADDRESS", 7005)); assert s.recv(99) == b"goodbye\n"; "#
            + #"assert s.recv(9) == b""; s.sendall(b"x" * 100000); s.close()"#,
        "received 100000"
    ),
]

extension EndToEnd {
    @MainActor @Suite(.serialized) struct Connections {
        @Test(arguments: ways, Account.available)
        func `a socket keeps its identity however it is connected`(_ row: Success, as account: Account) throws {
            try row.expect(as: account)
        }

        @Test(arguments: fetches, Account.available)
        func `IPv4 is used at once when IPv6 is dead`(_ row: Success, as account: Account) throws {
            try row.expect(as: account)
        }

        @Test(arguments: streams, Account.available)
        func `bytes arrive as they were sent`(_ row: Success, as account: Account) throws {
            try row.expect(as: account)
        }

        @Test(arguments: failures, Account.available)
        func `a failure upstream is the failure that the command sees`(
            _ row: (arguments: String, errors: [String]),
            as account: Account
        ) throws {
            let world = try TestWorld.shared()
            for options in [nil, services] {
                let outcome = try world.run("connect-static \(row.arguments)", as: account, egress: options)
                #expect(outcome.status == 1, "\(outcome)")
                #expect(row.errors.contains { outcome.standardError.contains($0) }, "\(outcome)")
                #expect(outcome.seconds < (row.arguments.contains("7009") ? 6 : 1), "\(outcome)")
            }
        }

        @Test(arguments: endings, Account.available)
        func `the server sees how its client ended`(
            _ row: (program: String, ending: String),
            as account: Account
        ) throws {
            let world = try TestWorld.shared(), path = "\(world.directory)/endings"
            let before = text(of: path)?.utf8.count ?? 0
            let program = row.program.replacing("ADDRESS", with: address)
            let outcome = try world.run("/usr/bin/python3 -c '\(program)'; sleep 0.2", as: account, egress: services)
            #expect(outcome.succeeded, "\(outcome)")
            #expect(text(of: path).map { String($0.dropFirst(before)) } == row.ending + "\n", "\(outcome)")
        }
    }
}
