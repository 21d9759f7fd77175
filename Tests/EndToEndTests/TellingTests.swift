// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A denial, and what its line on stderr must say.
private let denials: [(line: String, says: [String])] = [
    ("curl -s http://denied.example/", ["denied.example", "host_not_allowlisted", "--allow denied.example"]),
    ("curl -s http://185.199.108.153/", ["185.199.108.153:80", "address_not_pinned", "--allow 185.199.108.153:80"]),
    ("curl -s http://allowed.example:81/", ["allowed.example:81", "port_not_allowed", "--allow allowed.example:81"]),
    ("curl -s http://169.254.169.254/", ["169.254.169.254:80", "metadata_blocked"]),
    ("curl -s http://10.0.0.5/", ["10.0.0.5:80", "private_target_blocked"]),
    ("curl -s http://private.example/", ["private.example", "private_target_blocked"]),
    ("curl -s http://telemetry.example/", ["telemetry.example", "denied_by_rule"]),
    ("curl -s 'http://[2606:50c0:8000::153]/'", ["[2606:50c0:8000::153]:80", "address_not_pinned"]),
    ("/usr/bin/python3 $WORLD/programs/attack.py udp-connected 185.199.108.153 443", ["185.199.108.153:443/udp"]),
]

private let options = [
    "--allow", "allowed.example:80", "--allow", "private.example", "--deny", "telemetry.example",
]

/// A line of the audit file.
private struct Line: Decodable {
    var time: String
    var event: String
    var decision: String?
    var reason: String?
    var rule: String?
    var host: String?
    var address: String?
    var port: Int?
    var `protocol`: String?
    var pid: Int?
    var bytesSent: Int?
    var bytesReceived: Int?
}

private func lines(of text: String) throws -> [Line] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try text.split(separator: "\n").map { try decoder.decode(Line.self, from: Data($0.utf8)) }
}

extension EndToEnd {
    @MainActor @Suite(.serialized) struct Telling {
        @Test(arguments: denials, Account.available)
        func `a denial is told once, with the reason`(
            _ row: (line: String, says: [String]),
            as account: Account
        ) throws {
            let outcome = try TestWorld.shared().run("\(row.line); \(row.line)", as: account, egress: options)
            let told = outcome.standardError.split(separator: "\n").filter { $0.hasPrefix("egress-run: ") }
            #expect(told.count == 1, "\(outcome)")
            for part in row.says { #expect(told.first?.contains(part) == true, "\(outcome)") }
            #expect(!outcome.standardOutput.contains("egress"), "\(outcome)")
        }

        @Test(arguments: [
            ("--dns 127.0.0.9", "127.0.0.9: connection refused"),
            ("--dns 127.0.0.9:5399 --dns 127.0.0.9:5398", "dns_resolution_failed"),
        ])
        func `an upstream that cannot be reached is named`(_ row: (options: String, says: String)) throws {
            let outcome = try TestWorld.shared().run(
                "egress-run \(row.options) --allow allowed.example -- curl -s http://allowed.example/",
                as: .user
            )
            #expect(outcome.status == 6, "\(outcome)")
            #expect(outcome.standardError.contains(row.says), "\(outcome)")
        }

        @Test func `nothing is told of what is allowed`() throws {
            let outcome = try TestWorld.shared().run("curl -s http://allowed.example/", as: .user, egress: options)
            #expect(outcome.standardError == "")
            #expect(outcome.standardOutput == "welcome to allowed.example\n")
        }

        @Test func `quiet tells no denial and verbose tells what is allowed`() throws {
            let world = try TestWorld.shared()
            let quiet = try world.run("curl -s http://denied.example/", as: .user, egress: ["-q"] + options)
            #expect(quiet.standardError == "")
            let verbose = try world.run("curl -s http://allowed.example/", as: .user, egress: ["-v"] + options)
            #expect(verbose.standardError.contains("allowed.example"))
            #expect(verbose.standardOutput == "welcome to allowed.example\n")
        }

        @Test(arguments: Account.available)
        func `the audit file has a line for every decision`(as account: Account) throws {
            let world = try TestWorld.shared(), path = "\(world.directory)/home-\(account.rawValue)/audit"
            let outcome = try world.run(
                "curl -s http://allowed.example/; curl -s http://denied.example/; curl -s http://10.0.0.5/; true",
                as: account,
                egress: ["-q", "--audit", path] + options
            )
            #expect(outcome.standardOutput == "welcome to allowed.example\n", "\(outcome)")
            let audit = try #require(text(of: path)), told = try lines(of: audit)

            let name = told.first { $0.event == "name" && $0.decision == "allow" }
            #expect(name?.host == "allowed.example", "\(audit)")
            let connection = told.first { $0.event == "connect" && $0.decision == "allow" }
            #expect(connection?.rule == "allowed.example:80" && connection?.port == 80, "\(audit)")
            #expect(connection?.reason == "allowed" && connection?.protocol == "tcp", "\(audit)")
            let close = told.first { $0.event == "close" }
            #expect(close?.bytesSent ?? 0 > 50 && close?.bytesReceived ?? 0 > 100, "\(audit)")
            let reasons = told.filter { $0.decision == "deny" }.compactMap(\.reason)
            #expect(reasons.contains("host_not_allowlisted"), "\(audit)")
            #expect(reasons.contains("private_target_blocked"), "\(audit)")
            #expect(told.allSatisfy { $0.time.hasSuffix("Z") }, "\(audit)")
        }

        @Test(arguments: Account.available)
        func `a datagram is told of the process whose port it comes from, or of none`(as account: Account) throws {
            let world = try TestWorld.shared(), path = "\(world.directory)/home-\(account.rawValue)/reuse"
            let outcome = try world.run(
                "/usr/bin/python3 $WORLD/programs/reuse.py 93.184.216.34 7002 connect send connect connect",
                as: account,
                egress: ["-q", "--audit", path, "--allow", "93.184.216.34"]
            )
            let processes = outcome.standardOutput.split(separator: "\n").compactMap { Int($0) }
            try #require(processes.count == 4, "\(outcome)")
            let audit = try #require(text(of: path)), told = try lines(of: audit)
            let senders = told.filter { $0.event == "datagram" }.map(\.pid)
            #expect(senders == [processes[0], nil, processes[2], processes[3]], "\(audit)")
            #expect(told.filter { $0.event == "close" }.map(\.bytesSent) == [8, 8, 8, 8], "\(audit)")
        }

        @Test(arguments: ["8K", "0"])
        func `a flood ends at the limit of the audit, which says so`(_ limit: String) throws {
            let world = try TestWorld.shared(), path = "\(world.directory)/home-user/audit-\(limit)"
            let outcome = try world.run(
                "/usr/bin/python3 $WORLD/programs/flood.py denied 93.184.216.34 80 500; exit 6",
                as: .user,
                egress: ["-q", "--audit", path, "--audit-limit", limit] + options
            )
            #expect(outcome.status == 6, "\(outcome)")
            let audit = try #require(text(of: path)), told = try lines(of: audit)
            #expect(told.first?.event == "start" && told.last?.event == "exit", "\(audit)")
            let isLimited = limit != "0"
            #expect((audit.utf8.count <= 8192) == isLimited, "\(audit.utf8.count)")
            #expect(told.count { $0.event == "limit" } == (isLimited ? 1 : 0), "\(audit)")
            let says = outcome.standardError.split(separator: "\n").count {
                $0.contains("the audit has reached its limit")
            }
            #expect(says == (isLimited ? 1 : 0), "\(outcome)")
        }

        @Test func `a dash sends the audit to standard error`() throws {
            let outcome = try TestWorld.shared().run(
                "curl -s http://allowed.example/",
                as: .user,
                egress: ["-q", "--audit", "-"] + options
            )
            #expect(try !lines(of: outcome.standardError).isEmpty, "\(outcome)")
        }

        @Test func `a name cannot write control characters to the terminal`() throws {
            let outcome = try TestWorld.shared().run(
                #"dig +tries=1 'a\027[31mred.example' > /dev/null"#,
                as: .user,
                egress: ["--audit", "-"] + options
            )
            #expect(!outcome.standardError.utf8.contains(27), "\(outcome)")
        }

        @Test func `a hundred denied targets do not flood the terminal`() throws {
            let outcome = try TestWorld.shared().run(
                "for i in $(seq 200); do dig +tries=1 n$i.denied.example > /dev/null; done",
                as: .user,
                egress: options,
                limit: 60
            )
            #expect(outcome.standardError.split(separator: "\n").count <= 201, "\(outcome)")
        }
    }
}
