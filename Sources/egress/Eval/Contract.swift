// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressAudit
import EgressPolicy

/// Contracts that this program tells by itself.
///
/// Each is text with a line for each promise, so that a difference shows what was broken.
enum Contract: String, CaseIterable {
    case reasonCodes = "reason-codes"
    case ruleErrors = "rule-errors"
    case rules = "rules"
    case auditEvents = "audit-events"
    case toolboxHelp = "toolbox-help"

    /// What the contract of a case is now; nil if the case has none.
    static func text(of declared: Inventory.Case, _ build: Build) throws -> String? {
        if let name = declared.contract {
            guard let contract = Contract(rawValue: name) else { throw EvalError("no contract is called '\(name)'") }
            return contract.text
        }
        return try declared.commands.map { try transcript(of: $0, statusOnly: declared.statusOnly == true, build) }
    }

    private static func transcript(of commands: [[String]], statusOnly: Bool, _ build: Build) throws -> String {
        try commands.map { command in
            let words = command.map {
                $0.replacing("{root}", with: build.root).replacing("{bin}", with: build.binaries)
            }
            let (output, status) = try build.run(words)
            let shown = output.replacing(build.binaries, with: "{bin}").replacing(build.root + "/", with: "{root}/")
            return "$ \(command.joined(separator: " "))\n" + (statusOnly ? "" : shown) + "[status \(status)]\n"
        }.joined()
    }

    private var text: String {
        switch self {
        case .reasonCodes: Reason.allCases.map { "\($0.rawValue): \($0.summary)\n" }.joined()
        case .ruleErrors: RuleError.Code.allCases.map { "\($0.rawValue)\n" }.joined()
        case .rules: Self.ruleTexts.map { Self.reading(of: $0) }.joined()
        case .auditEvents: AuditEvent.Kind.allCases.map { Self.auditLine($0) }.joined()
        case .toolboxHelp: Self.help(of: Egress.self, path: ["egress"])
        }
    }

    /// What is a rule, and what only looks like one.
    private static let ruleTexts = [
        "example.com", "EXAMPLE.com.", ".example.com", "*.example.com", "example.com:443", "example.com:80-90",
        "localhost",
        "93.184.216.34", "93.184.216.34:53", "10.0.0.0/8", "[2606:2800::1]:443", "2606:2800::/32", "127.0.0.1:5432",
        "*",
        "*.com", ".com", "a*.example.com", "a..example.com", "-a.example.com", "b\u{fc}cher.example", "0177.1",
        "2130706433",
        "0x7f.1", "127.1", "127.0.0.1", "10.0.0.1/8", "10.0.0.0/33", "0.0.0.0/0", "::/0", "2606:2800::1:443",
        "[fe80::1%eth0]", "example.com:0", "example.com:65536", "example.com:https", "https://example.com",
        "user@example.com", "example.com/path", "", " example.com",
    ]

    private static func reading(of text: String) -> String {
        do {
            return "'\(text)' is \(try Rule.parse(text))\n"
        } catch {
            return "'\(text)' is refused: \(error.code.rawValue)\n"
        }
    }

    /// An audit line with every member that there is.
    private static func auditLine(_ kind: AuditEvent.Kind) -> String {
        var event = AuditEvent(kind, Verdict(.hostNotAllowlisted), at: Timestamp(milliseconds: 0))
        event.host = "name.example"
        event.recordType = "AAAA"
        event.addresses = IPAddress("192.0.2.1").map { [$0] } ?? []
        event.address = IPAddress("2001:db8::1")
        event.port = 443
        event.path = "/run/socket"
        event.transport = .tcp
        event.caller = Caller(pid: 2, hostPid: 4711, executable: "/usr/bin/program", name: "program")
        event.bytesSent = 1
        event.bytesReceived = 2
        event.detail = "detail"
        event.status = 0
        return String(decoding: AuditLog.line(for: event), as: UTF8.self)
    }

    private static func help(of command: any ParsableCommand.Type, path: [String]) -> String {
        let text = Egress.helpMessage(for: command, columns: 100)
        let own = "$ \(path.joined(separator: " ")) --help\n\(text)\n"
        return own
            + command.configuration.subcommands.map { sub in
                help(of: sub, path: path + [sub.configuration.commandName ?? String(describing: sub).lowercased()])
            }.joined()
    }
}
