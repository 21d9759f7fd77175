// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// Options that must be refused, and what the message must say so that a user can mend them.
private let options: [(String, [String])] = [
    ("--allow '*'", ["*"]),
    ("--allow '*.com'", ["*.com"]),
    ("--allow .com", [".com"]),
    ("--allow ''", ["--allow"]),
    ("--allow 'exa mple.com'", ["exa mple.com"]),
    ("--allow http://allowed.example/", ["http://allowed.example/"]),
    ("--allow allowed..example", ["allowed..example"]),
    ("--allow bücher.example", ["punycode"]),
    ("--allow allowed.example:0", ["allowed.example:0"]),
    ("--allow allowed.example:65536", ["65536"]),
    ("--allow allowed.example:http", ["http"]),
    ("--allow 0177.1", ["0177.1"]),
    ("--allow 2130706433", ["2130706433"]),
    ("--allow 0x7f.1", ["0x7f.1"]),
    ("--allow 127.1", ["127.1"]),
    ("--allow 0.0.0.0/0", ["0.0.0.0/0"]),
    ("--allow ::/0", ["::/0"]),
    ("--allow 10.0.0.1/8", ["10.0.0.1/8"]),
    ("--allow 127.0.0.1", ["127.0.0.1"]),
    ("--deny '*'", ["*"]),
    ("--allow", ["--allow"]),
    ("--frobnicate", ["--frobnicate"]),
    ("--timeout -1", ["--timeout"]),
    ("--timeout soon", ["soon"]),
    ("--dns resolver.example", ["resolver.example"]),
    ("--dns 127.0.0.1:99999", ["127.0.0.1:99999"]),
    ("--isolation magic", ["magic"]),
    ("--audit /no/such/directory/log", ["/no/such/directory/log"]),
    ("--policy /no/such/policy.yaml", ["/no/such/policy.yaml"]),
    ("--policy /etc", ["/etc"]),
]

/// Policy files that must be refused, where the message must point, and what it must say.
private let files: [(name: String, content: String, says: [String])] = [
    ("key.yaml", #"version: 1\nalow:\n  - allowed.example\n"#, ["key.yaml:2:1", "alow", "allow"]),
    ("twice.yaml", #"version: 1\nallow: []\nallow: []\n"#, ["twice.yaml:3:1", "allow"]),
    ("type.yaml", #"version: 1\nallow: allowed.example\n"#, ["type.yaml:2:8"]),
    ("rule.yaml", #"version: 1\nallow:\n  - ok.example\n  - "*"\n"#, ["rule.yaml:4:5", "*"]),
    ("broad.yaml", #"version: 1\nallow:\n  - address: 0.0.0.0/0\n"#, ["broad.yaml:3", "0.0.0.0/0"]),
    ("broken.yaml", #"version: 1\nallow: [\n"#, ["broken.yaml:"]),
    ("broken.json", #"{"version": 1, "allow": [}"#, ["broken.json:1:"]),
    ("version.yaml", #"version: 9\nallow: []\n"#, ["version.yaml:1:10", "9"]),
    ("port.yaml", #"version: 1\nallow:\n  - host: a.example\n    ports: [70000]\n"#, ["port.yaml:4:13", "70000"]),
]

extension EndToEnd {
    @MainActor @Suite(.serialized) struct BadInput {
        @Test(arguments: options)
        func `a bad option is refused before anything runs`(_ row: (options: String, says: [String])) throws {
            let outcome = try TestWorld.shared().run("egress-run \(row.options) -- echo ran", as: .user)
            #expect(outcome.status == 125, "\(outcome)")
            #expect(outcome.standardOutput == "", "\(outcome)")
            #expect(outcome.standardError.hasPrefix("egress-run: "), "\(outcome)")
            for part in row.says { #expect(outcome.standardError.contains(part), "\(outcome)") }
        }

        @Test(arguments: files)
        func `a bad policy file is refused with the place of the mistake`(
            _ row: (name: String, content: String, says: [String])
        ) throws {
            let outcome = try TestWorld.shared().run(
                "cd $HOME && printf '\(row.content)' > \(row.name) && egress-run --policy \(row.name) -- echo ran",
                as: .user
            )
            #expect(outcome.status == 125, "\(outcome)")
            #expect(outcome.standardOutput == "", "\(outcome)")
            for part in row.says { #expect(outcome.standardError.contains(part), "\(outcome)") }
        }

        @Test(arguments: ["yaml", "json"])
        func `a policy file works as flags do`(_ kind: String) throws {
            let content =
                kind == "json"
                ? #"{"version": 1, "allow": [{"host": "allowed.example", "ports": [80]}]}"#
                : #"version: 1\nallow:\n  - host: allowed.example\n    ports: [80]\n"#
            let outcome = try TestWorld.shared().run(
                """
                cd $HOME && printf '\(content)' > good.\(kind) &&
                egress-run -q --policy good.\(kind) --allow v4.example -- \
                curl -sS http://allowed.example/ http://v4.example/
                """,
                as: .user
            )
            #expect(outcome.standardOutput == "welcome to allowed.example\nwelcome to v4.example\n", "\(outcome)")
        }

        @Test func `a password in a rule that is refused is not shown`() throws {
            let outcome = try TestWorld.shared().run(
                "egress-run --allow https://me:hunter2-Hq7x@example.com/ -- echo ran",
                as: .user
            )
            #expect(outcome.status == 125, "\(outcome)")
            #expect(outcome.standardError.contains("--allow"), "\(outcome)")
            #expect(!outcome.standardError.contains("hunter2-Hq7x"), "\(outcome)")
        }

        @Test func `a kernel without user namespaces is named and nothing runs`() throws {
            let outcome = try TestWorld.shared().run(
                // A user namespace in which no further one may be made.
                "unshare -Ur sh -c 'echo 0 > /proc/sys/user/max_user_namespaces; egress-run -- echo ran'",
                as: .user
            )
            #expect(outcome.status == 125, "\(outcome)")
            #expect(outcome.standardOutput == "", "\(outcome)")
            #expect(outcome.standardError.contains("namespace"), "\(outcome)")
        }
    }
}
