// SPDX-License-Identifier: Apache-2.0

import EgressCommandLine
import Testing

private func options(_ arguments: String...) throws -> Options {
    guard case .run(let options) = try Request.parse(arguments) else { throw NotARun() }
    return options
}

private struct NotARun: Error {}

struct ParserTests {
    @Test func `every option lands where it belongs`() throws {
        let options = try options(
            "--allow",
            "a.example:443",
            "--deny",
            ".b.example",
            "--allow=c.example",
            "--policy",
            "p.yaml",
            "--allow-private",
            "--allow-unix",
            "/run/x.sock",
            "--allow-unix-datagram",
            "/dev/log",
            "--allow-unix-datagram=inside",
            "--device",
            "/dev/kvm",
            "--device=/dev/dri",
            "--dns",
            "192.0.2.1",
            "--dns=[2001:db8::1]:5353",
            "--audit",
            "-",
            "--isolation",
            "netns",
            "--timeout",
            "1.5",
            "-v",
            "--",
            "curl",
            "-v",
            "https://a.example/"
        )
        var expected = Options(command: .program(["curl", "-v", "https://a.example/"]), commandIndex: 27)
        expected.allow = ["a.example:443", "c.example"]
        expected.deny = [".b.example"]
        expected.policyPath = "p.yaml"
        expected.allowsPrivate = true
        expected.allowUnix = ["/run/x.sock"]
        expected.allowUnixDatagram = ["/dev/log", "inside"]
        expected.devices = ["/dev/kvm", "/dev/dri"]
        expected.dns = ["192.0.2.1", "[2001:db8::1]:5353"]
        expected.auditPath = "-"
        expected.timeout = 1_500_000_000
        expected.verbosity = .verbose
        #expect(options == expected)
    }

    // POSIX XBD 12.2, guidelines 9 and 10.
    @Test(arguments: [
        (["true"], ["true"], 0),
        (["true", "--help"], ["true", "--help"], 0),
        (["-q", "true", "-q"], ["true", "-q"], 1),
        (["--", "--help"], ["--help"], 1),
        (["--", "--", "x"], ["--", "x"], 1),
        (["-", "x"], ["-", "x"], 0),
        (["", "x"], ["", "x"], 0),
        (["--allow", "x.example", "y", "--allow", "z"], ["y", "--allow", "z"], 2),
    ])
    func `options end at the command`(arguments: [String], program: [String], index: Int) throws {
        guard case .run(let options) = try Request.parse(arguments) else { throw NotARun() }
        #expect(options.command == .program(program))
        #expect(options.commandIndex == index)
    }

    @Test(arguments: [
        (["-c", "exit 3"], "exit 3", [], 1),
        (["-c", "echo $0 $1", "a", "b"], "echo $0 $1", ["a", "b"], 1),
        // POSIX sh: -c is a flag, and the line is the first operand, so options may stand between them.
        (["-c", "-q", "exit 3"], "exit 3", [], 2),
        (["-c", "--", "exit 3"], "exit 3", [], 2),
        (["-qc", "exit 3"], "exit 3", [], 1),
        (["-c", "echo \"$@\"", "--", "a"], "echo \"$@\"", ["--", "a"], 1),
        (["-c", "echo $0", "-bash"], "echo $0", ["-bash"], 1),
        (["-c", "echo", "a", "--allow", "b"], "echo", ["a", "--allow", "b"], 1),
        (["-c", ""], "", [], 1),
    ])
    func `a shell line takes its arguments as sh does`(
        arguments: [String],
        line: String,
        rest: [String],
        index: Int
    ) throws {
        guard case .run(let options) = try Request.parse(arguments) else { throw NotARun() }
        #expect(options.command == .shell(line: line, arguments: rest))
        #expect(options.commandIndex == index)
    }

    @Test(arguments: [["--help"], ["-q", "--help", "--nonsense"], ["--allow", "x.example", "--help", "true"]])
    func `help needs no command`(arguments: [String]) throws {
        #expect(try Request.parse(arguments) == .help)
    }

    @Test func `version needs no command`() throws {
        #expect(try Request.parse(["--version"]) == .version)
    }

    @Test func `bundled and repeated flags mean what they mean alone`() throws {
        #expect(try options("-qq", "true").verbosity == .quiet)
        #expect(try options("-q", "-q", "true").verbosity == .quiet)
        #expect(try options("-v", "true").verbosity == .verbose)
        #expect(try options("true").verbosity == .normal)
        #expect(try options("--allow-private", "--allow-private", "true").allowsPrivate)
    }

    @Test(
        arguments: [
            ("1", 1_000_000_000),
            ("0.5", 500_000_000),
            (".5", 500_000_000),
            ("5.", 5_000_000_000),
            ("007", 7_000_000_000),
            ("0.000000001", 1),
            ("1.9999999999", 1_999_999_999),
            ("1000000000", 1_000_000_000_000_000_000),
        ] as [(String, UInt64)]
    )
    func `a timeout is a decimal number of seconds`(text: String, nanoseconds: UInt64) throws {
        #expect(try options("--timeout", text, "true").timeout == nanoseconds)
    }
}

struct UsageErrorTests {
    @Test(
        arguments: [
            ([], "no command is given (egress-run --allow example.com:443 -- curl https://example.com/)"),
            (["--"], "no command is given (egress-run --allow example.com:443 -- curl https://example.com/)"),
            (["-c"], "option '-c' needs a shell line (egress-run -c 'shell line')"),
            (["-c", "--"], "option '-c' needs a shell line (egress-run -c 'shell line')"),
            (["--alow", "x"], "unknown option '--alow' (did you mean '--allow'?)"),
            (["--alow=x", "y"], "unknown option '--alow' (did you mean '--allow'?)"),
            (["-allow", "x"], "unknown option '-allow' (did you mean '--allow'?)"),
            (["--allow_private", "x"], "unknown option '--allow_private' (did you mean '--allow-private'?)"),
            (["--quiet", "x"], "unknown option '--quiet' (did you mean '-q'?)"),
            (["-h"], "unknown option '-h' (did you mean '--help'?)"),
            (["--q"], "unknown option '--q' (did you mean '-q'?)"),
            (["-qx", "true"], "unknown option '-qx' (egress-run --help lists them all)"),
            (["--proxy", "x"], "unknown option '--proxy' (egress-run --help lists them all)"),
            (["--\u{1b}[2J"], "unknown option '--\\u{1b}[2J' (egress-run --help lists them all)"),
            (["--allow"], "option '--allow' needs a value (--allow RULE)"),
            (
                ["--allow", "--", "true"],
                "option '--allow' needs a value before '--' (--allow RULE, or --allow=-- if that is the value)"
            ),
            (
                ["--policy", "-q", "true"],
                "option '--policy' needs a value before '-q' (--policy FILE, or --policy=-q if that is the value)"
            ),
            (["--allow", "", "true"], "option '--allow' has an empty value (--allow RULE)"),
            (["--policy=", "true"], "option '--policy' has an empty value (--policy FILE)"),
            (["--allow-private=yes", "true"], "option '--allow-private' takes no value"),
            (
                ["--policy", "a", "--policy", "b", "true"],
                "option '--policy' is given twice (which of the two is meant?)"
            ),
            (["--audit=a", "--audit=a", "true"], "option '--audit' is given twice (which of the two is meant?)"),
            (["-q", "-v", "true"], "options '-q' and '-v' contradict each other"),
            (["-vq", "true"], "options '-q' and '-v' contradict each other"),
            (
                ["--audit", "a.jsonl", "--isolation", "preload", "true"],
                "option '--audit' can't be had with '--isolation preload' "
                    + "(nothing stands outside the command there that could do it)"
            ),
            (
                ["--isolation=preload", "--dns", "192.0.2.53", "true"],
                "option '--dns' can't be had with '--isolation preload' "
                    + "(nothing stands outside the command there that could do it)"
            ),
            (
                ["--isolation", "docker", "true"],
                "unknown isolation 'docker' ('netns', the default, or 'preload')"
            ),
            (
                ["-c", "curl x", "--allow", "x.example"],
                "option '--allow' stands after the shell line (options go before -c)"
            ),
            (
                ["-c", "curl x", "--allow=x.example"],
                "option '--allow' stands after the shell line (options go before -c)"
            ),
        ] as [([String], String)]
    )
    func `a mistake is named, with what to do`(arguments: [String], message: String) {
        let error = #expect(throws: UsageError.self) { try Request.parse(arguments) }
        #expect(error?.description == message)
    }

    @Test func `the options of a statement land where they belong`() throws {
        let found = try options(
            "--attest=t.jwt",
            "--attest-key=k",
            "--worker-id=w",
            "--attest-nonce=12345678",
            "--attest-ttl=604800",
            "--attest-digest",
            "image=sha256:00",
            "--attest-digest=build=x",
            "true"
        )
        let statement = try #require(found.attestation)
        #expect(statement.path == "t.jwt")
        #expect(statement.keyPath == "k")
        #expect(statement.workerID == "w")
        #expect(statement.nonce == "12345678")
        #expect(statement.lifetime == 604_800)
        #expect(statement.digests == ["image=sha256:00", "build=x"])
        #expect(try options("--attest", "t.jwt", "true").attestation?.lifetime == 600)
        #expect(try options("true").attestation == nil)
    }

    @Test(arguments: ["0", "604801", "-1", "+5", "1.5", "", "x", "99999999999999999999"])
    func `a statement's lifetime is 1 to 604800 seconds`(text: String) {
        #expect(throws: UsageError.self) { try Request.parse(["--attest=t", "--attest-ttl=" + text, "true"]) }
    }

    @Test(arguments: [
        "--attest-key=k", "--worker-id=w", "--attest-nonce=n", "--attest-ttl=5", "--attest-digest=image=x",
    ])
    func `an option of a statement needs one`(argument: String) {
        let error = #expect(throws: UsageError.self) { try Request.parse([argument, "true"]) }
        #expect(error?.description.contains("needs '--attest'") == true)
    }

    // strtod(3) would take all of these.
    @Test(arguments: ["x", "1e3", "inf", "nan", "0x10", "+1", " 1", "1 ", "1,5", "1.2.3", ".", "10s", "１"])
    func `a timeout is nothing but a decimal number`(text: String) {
        let error = #expect(throws: UsageError.self) { try Request.parse(["--timeout=" + text, "true"]) }
        #expect(error?.hint == "a decimal number such as 30 or 0.5")
    }

    @Test(arguments: ["0", "0.0", "0.0000000001", "1000000001", String(repeating: "9", count: 4096)])
    func `a timeout that cannot be kept is refused`(text: String) {
        #expect(throws: UsageError.self) { try Request.parse(["--timeout=" + text, "true"]) }
    }

    @Test func `no argument makes the parser trap`() {
        var generator = SystemRandomNumberGenerator()
        let pieces = ["-", "--", "=", "-c", "-q", "--allow", "--timeout", "9", ".", "", "\u{0}", "é", "--help", "x"]
        for _ in 0..<5_000 {
            let arguments = (0..<Int.random(in: 0..<6, using: &generator)).map { _ in
                (0..<Int.random(in: 1..<4, using: &generator)).compactMap { _ in pieces.randomElement() }.joined()
            }
            _ = try? Request.parse(arguments)
        }
    }

    @Test(
        arguments: [
            ("4096", 4096), ("4K", 4096), ("500k", 512_000), ("64M", 64 << 20), ("2G", 2 << 30), ("0", nil),
            ("0G", nil),
        ] as [(String, UInt64?)]
    )
    func `the limit of the audit is a number of bytes`(_ row: (text: String, bytes: UInt64?)) throws {
        #expect(try options("--audit", "a", "--audit-limit", row.text, "true").auditLimit == row.bytes)
    }

    @Test func `without a word the audit takes 64 MiB`() throws {
        #expect(try options("--audit", "a", "true").auditLimit == 67_108_864)
    }

    @Test(arguments: [
        "1", "4095", "3K", "K", "", "-1", "1.5M", "1T", "1KB", "0x10", "99999999999", " 4K", "4K ", "\u{0661}K",
    ])
    func `what is no limit of an audit is refused`(_ text: String) {
        #expect(throws: UsageError.self) { try Request.parse(["--audit", "a", "--audit-limit=" + text, "true"]) }
    }

    @Test func `a limit without an audit is refused`() {
        let error = #expect(throws: UsageError.self) { try Request.parse(["--audit-limit", "1M", "true"]) }
        #expect(error?.message == "option '--audit-limit' needs '--audit'")
    }
}
