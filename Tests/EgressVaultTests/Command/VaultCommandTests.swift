// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TestSupport
import Testing

struct VaultCommandTests {
    let folder: Folder

    init() throws {
        folder = try Folder()
        try #require(try run("init").succeeded)
    }

    private func run(_ line: String, input: String = "") throws -> Outcome {
        try Command.vault(line.split(separator: " ").map(String.init), in: folder, input: input)
    }

    @Test(arguments: [
        ("x", "x"), ("x\n", "x"), ("x\r\n", "x"), ("x\n\n", "x\n"), ("a\nb\n", "a\nb"), (" x ", " x "), ("x\r", "x\r"),
        ("\0", "\0"),
    ])
    func `one line end after a value is not part of it`(input: String, value: String) throws {
        #expect(try run("set a", input: input).succeeded)
        #expect(try run("get a --reveal").standardOutput == value)
    }

    @Test(arguments: [
        ("get missing --reveal", 1, "the vault has no secret 'missing'"),
        ("rm missing", 1, "the vault has no secret 'missing'"),
        ("get a", 64, "not shown without --reveal; a request that needs it names it as vault:<name>"),
        ("set", 64, "Missing expected argument"),
        ("set a b", 64, "Unexpected argument"),
        ("set ../a", 64, "a name has 1 to 128"),
        ("set a", 64, "nothing was given"),
        ("set a --passphrase-fd 0", 64, "standard input gives the value"),
        ("list --passphrase --key-file x", 64, "not by both"),
        ("list --passphrase", 64, "is opened by a key file, not by a passphrase"),
        ("init", 70, "there is a vault"),
        (
            "list --vault /nonexistent/vault", 70,
            "there is no vault at '/nonexistent/vault'; make one with 'egress vault init'"
        ),
        ("list --key-file /nonexistent/key", 70, "there is no key file at '/nonexistent/key'"),
        ("list --vault /dev/null", 70, "'/dev/null' is not a regular file"),
        ("rotate --new-key-file x --to passphrase", 64, "exclude each other"),
        ("init --vault v --passphrase-file /nonexistent/file", 70, "No such file"),
    ])
    func `a no and its status say what it is`(line: String, status: Int32, message: String) throws {
        let outcome = try run(line)
        #expect(outcome.status == status, "\(outcome)")
        #expect(outcome.standardError.contains(message), "\(outcome)")
        #expect(outcome.standardOutput.isEmpty, "\(outcome)")
    }

    @Test func `the objects for scripts hold what the lines say`() throws {
        #expect(try object("set a --json", input: "x") == ["is_new": "1", "name": "a"])
        #expect(try object("set a --json", input: "y") == ["is_new": "0", "name": "a"])
        #expect(try object("get a --reveal --json") == ["name": "a", "value": "y"])
        #expect(try object("rotate --json")["key"] == "key-file")
        let list = try run("list --json").standardOutput
        #expect(list.contains("\"created\"") && list.contains("\"modified\"") && list.contains("\"name\" : \"a\""))
        #expect(try object("rm a --json") == ["removed": "a"])
    }

    private func object(_ line: String, input: String = "") throws -> [String: String] {
        struct Value: Decodable {
            let text: String
            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                text = try (try? container.decode(Bool.self)).map { $0 ? "1" : "0" } ?? container.decode(String.self)
            }
        }
        let outcome = try run(line, input: input)
        return try JSONDecoder().decode([String: Value].self, from: Data(outcome.standardOutput.utf8)).mapValues(\.text)
    }

    @Test func `a value that is not UTF-8 is told in base64`() throws {
        let vault = folder.path + "/egress/vault"
        let script =
            "printf '\\377\\001' | \"$0\" vault set a --vault \(vault) && \"$0\" vault get a --reveal --json --vault \(vault)"
        let outcome = try Command.run(["bash", "-c", script, Command.egress])
        #expect(outcome.standardOutput.contains("\"value_base64\" : \"/wE=\""), "\(outcome)")
    }

    @Test func `a passphrase is asked for twice, and never shown`() throws {
        let vault = folder.path + "/by-passphrase"
        func ask(_ answers: String, _ arguments: String...) throws -> Outcome {
            try Command.run(
                ["python3", Command.programs + "/terminal.py", answers, Command.egress, "vault"] + arguments + [
                    "--vault", vault,
                ]
            )
        }
        let differing = try ask("correct horse,correct house", "init", "--passphrase")
        #expect(
            differing.status == 64 && differing.standardOutput.contains("the two passphrases differ"),
            "\(differing)"
        )
        let short = try ask("1234567", "init", "--passphrase")
        #expect(short.status == 64 && short.standardOutput.contains("at least 8 bytes"), "\(short)")
        let made = try ask("correct horse,correct horse", "init", "--passphrase")
        #expect(made.succeeded && made.standardOutput.contains("opened by its passphrase"), "\(made)")
        #expect(!made.standardOutput.contains("horse"))
        #expect(made.standardOutput.contains("echo: True"))
        // The passphrase, then the value.
        let set = try ask("correct horse,canary-on-terminal", "set", "a")
        #expect(set.succeeded && set.standardOutput.contains("added a"), "\(set)")
        #expect(!set.standardOutput.contains("canary"))
        let got = try ask("correct horse", "get", "a", "--reveal")
        #expect(got.standardOutput.contains("canary-on-terminal\r\n"), "\(got)")
        let wrong = try ask("wrong horse", "list")
        #expect(wrong.status == 70 && wrong.standardOutput.contains("does not open"), "\(wrong)")
    }

    @Test func `an interrupted prompt leaves a terminal that shows what is typed`() throws {
        let vault = folder.path + "/egress/vault"
        let outcome = try Command.run(
            ["python3", Command.programs + "/terminal.py", "^C", Command.egress, "vault", "set", "a", "--vault", vault]
        )
        #expect(outcome.status == 254, "\(outcome)")  // -2: SIGINT
        #expect(outcome.standardOutput.contains("echo: True"), "\(outcome)")
        #expect(try run("list").standardOutput.isEmpty)
    }
}
