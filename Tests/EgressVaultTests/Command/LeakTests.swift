// SPDX-License-Identifier: Apache-2.0

import EgressRequests
import EgressVault
import FoundationEssentials
import Glibc
import TestSupport
import Testing

/// A secret is planted, and every place that others can read is searched for it.
struct LeakTests {
    /// Of characters that percent-encoding and base64 change.
    static let canary = "canary+/\u{e9}~7f3a9c?&=%2"

    /// The forms in which it could be there.
    static let forms: [[UInt8]] = {
        let bytes = Array(canary.utf8)
        func base64(_ bytes: some Collection<UInt8>) -> [UInt8] {
            // Without the last group, which depends on what follows.
            Array(Data(bytes).base64EncodedString().utf8.prefix(bytes.count / 3 * 4))
        }
        let hex = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        let escaped = bytes.map { "%" + String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        // Base64 at each of three offsets; the part that is the same in all contexts.
        let shifted = [bytes[...], bytes.dropFirst(1), bytes.dropFirst(2)].map { base64($0) }
        let plain = [bytes, Array("7f3a9c".utf8), Array("canary".utf8)]
        let text = [hex, hex.uppercased(), escaped, escaped.uppercased(), "canary%2B%2F", "canary%2b%2f"].map {
            Array($0.utf8)
        }
        let urls = shifted.map {
            $0.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 }
        }
        return plain + text + shifted + urls
    }()

    static func leaks(in place: String, _ bytes: [UInt8]) -> [String] {
        forms.filter { bytes.contains($0) }.map {
            "\(place): \(String(decoding: $0, as: UTF8.self))"
        }
    }

    static func leaks(in place: String, _ text: String) -> [String] { leaks(in: place, Array(text.utf8)) }

    let folder: Folder

    init() throws { folder = try Folder() }

    @Test(arguments: 0..<5)
    func `the search finds what it is to find`(form: Int) {
        let encodings = [
            Self.canary, "x" + Data(("ab" + Self.canary + "c").utf8).base64EncodedString(),
            Data(("a" + Self.canary).utf8).base64EncodedString(),
            Self.canary.utf8.map { String($0, radix: 16) }.joined(),
            "token=canary%2B%2F%C3",
        ]
        #expect(Self.leaks(in: "probe", encodings[form]) != [])
    }

    @Test func `no output, error or file of the command holds a value`() throws {
        var found: [String] = []
        func run(_ arguments: [String], input: String = "", status: Int32 = 0) throws {
            let outcome = try Command.vault(arguments, in: folder, input: input)
            #expect(outcome.status == status, "\(arguments): \(outcome)")
            found += Self.leaks(in: "\(arguments) stdout", outcome.standardOutput)
            found += Self.leaks(in: "\(arguments) stderr", outcome.standardError)
            for name in (try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? [] {
                found += Self.leaks(in: "\(arguments) \(name)", contents(of: folder.path + "/" + name) ?? [])
            }
        }
        try run(["init"])
        try run(["set", "a"], input: Self.canary)
        try run(["set", "a", "--json"], input: Self.canary)
        // The value in the place of the name, by mistake.
        try run(["set", "b", "--vault", "/nonexistent/v"], input: Self.canary, status: 70)
        try run(["get", "a"], status: 64)
        try run(["list", "--json"])
        try run(["rotate"])
        try run(["rm", "b"], status: 1)
        let key = folder.path + "/egress/vault.key"
        try Data(count: 32).write(to: URL(filePath: key))
        try run(["get", "a", "--reveal"], status: 70)
        try run(["set", "a"], input: Self.canary, status: 70)
        #expect(found == [])
    }

    @Test func `a name that can't be one is not repeated, because it may be the value`() throws {
        #expect(try Command.vault(["init"], in: folder).succeeded)
        for arguments in [["set", Self.canary], ["get", "--reveal", Self.canary], ["rm", Self.canary]] {
            let outcome = try Command.vault(arguments, in: folder, input: "x")
            #expect(!outcome.succeeded)
            #expect(Self.leaks(in: "\(arguments)", outcome.standardError + outcome.standardOutput) == [])
        }
    }

    @Test func `the file that a killed writer leaves holds no value`() throws {
        #expect(try Command.vault(["init"], in: folder).succeeded)
        let kill = [
            "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:signal=SIGKILL:when=1",
        ]
        let outcome = try Command.vault(["set", "a"], in: folder, input: Self.canary, under: kill)
        #expect(outcome.status == 137, "\(outcome)")
        let left = try #require(contents(of: folder.path + "/egress/.vault.egress-new"))
        #expect(left.count > 108)
        #expect(Self.leaks(in: "temporary file", left) == [])
    }

    @Test func `others can't read the value of a running command`() throws {
        #expect(try Command.vault(["init"], in: folder).succeeded)
        let outcome = try Command.run(
            ["python3", Command.programs + "/running.py", Command.egress, folder.path, Self.canary]
        )
        #expect(outcome.succeeded, "\(outcome)")
        // Of an ordinary user's process that can't be dumped, nobody else can (proc(5)).
        let environment = getuid() == 0 ? "XDG_CONFIG_HOME" : "environ: may not be read"
        #expect(outcome.standardOutput.contains(environment), "\(outcome)")
        #expect(outcome.standardOutput.contains("Max core file size        0                    0"), "\(outcome)")
        #expect(outcome.standardOutput.contains("owner 0"), "\(outcome)")
        #expect(Self.leaks(in: "/proc", outcome.standardOutput) == [])
    }

    @Test func `no description of a value shows it`() throws {
        let vault = try folder.makeVault()
        _ = try vault.set("a", Self.canary)
        let secret = try vault.value(of: "a")
        var dumped = ""
        dump(vault, to: &dumped)
        dump(try vault.list(), to: &dumped)
        let shown = [
            secret.description, secret.debugDescription, String(describing: vault), String(reflecting: vault), dumped,
            "\(try vault.list())", "\(VaultError.noSecret("a"))", String(reflecting: VaultError.wrongKey("v")),
        ]
        #expect(shown.flatMap { Self.leaks(in: "description", $0) } == [])
        #expect(secret.text == Self.canary)
    }
}
