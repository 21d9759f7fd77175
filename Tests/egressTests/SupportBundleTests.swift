// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import Foundation
import TestSupport
import Testing

@testable import egress

/// Values that must not be in a bundle: each stands where only it is.
private enum Canary {
    static let comment = "swordfish-of-the-comment"
    static let vault = "Correct/horse+battery=staple"
    static let environment = "plain words of the environment"
    static let host = "4d7956657279536563726574446174610a"
    static let argument = "ghp_" + String(repeating: "aB3", count: 12)
    static let path = "hunter2hunter2"
    static let all = [comment, vault, environment, host, argument, path]
}

/// A folder that is removed with its owner.
private final class Scratch {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "egress-bundle-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        return "\(path)/\(name)"
    }
}

/// The ways in which a value may be written, without regard to case.
private func forms(_ value: String) -> [String] {
    let data = Data(value.utf8)
    let encoded = ["", "x", "xy"].map { before in
        // Without the characters that the neighbours share.
        String((Data(before.utf8) + data).base64EncodedString().dropFirst(before.isEmpty ? 0 : 4).dropLast(4))
    }
    let json = (try? JSONEncoder().encode([value])).map { String(decoding: $0, as: UTF8.self).dropFirst(2).dropLast(2) }
    return
        ([value, data.map { String(format: "%02x", $0) }.joined(), String(json ?? "")] + encoded
        + [value.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? value])
        .map { $0.lowercased() }
}

struct SupportBundleTests {
    private func bundle(_ scratch: Scratch) throws -> BundleContents {
        let value = Data(Canary.vault.utf8)
        let policy = try scratch.write(
            "policy.yaml",
            """
            version: 1
            # \(Canary.comment)
            allow:
              - api.example.com:443   # \(Canary.comment)
              - \(Canary.host).example.com
            unix: [/run/\(Canary.path)]
            """
        )
        let lines = [
            #"{"event":"name","host":"\#(Canary.host).evil.example","decision":"deny"}"#,
            #"{"event":"connect","argv0":"curl -H token:\#(Canary.argument)","port":443}"#,
            #"{"event":"connect","detail":"\#(Canary.vault)","path":"/run/\#(Canary.path)"}"#,
            #"{"event":"connect","detail":"\#(value.base64EncodedString())"}"#,
            #"{"event":"connect","detail":"\#(value.map { String(format: "%02X", $0) }.joined())"}"#,
            #"{"event":"connect","detail":"Correct\/horse+battery=staple"}"#,
            #"not JSON \#(Canary.environment) \#(Canary.host).x password=\#(Canary.path)"#,
        ]
        let audit = try scratch.write("audit.jsonl", lines.joined(separator: "\n") + "\n")
        let redaction = try BundleRedaction(
            values: [Array(Canary.vault.utf8), Array(Canary.path.utf8)],
            environment: ["MY_API_TOKEN": Canary.environment, "HOME": "/home/someone"]
        )
        var contents = BundleContents(redaction)
        contents.addDoctor(#"{"found": "container=\#(Canary.environment)"}"#)
        contents.addVersions()
        contents.addPolicy(path: policy)
        try contents.addAudit(path: audit)
        return contents
    }

    @Test func `no canary is in the archive, in any form`() throws {
        let contents = try bundle(try Scratch())
        var archive = TarArchive()
        for file in contents.files { archive.add(file.name, file.content) }
        archive.finish()
        let text = String(decoding: archive.bytes, as: UTF8.self).lowercased()
        for canary in Canary.all {
            for form in forms(canary) { #expect(!text.contains(form), "\(canary): \(form)") }
        }
        // What must not be lost with it.
        for word in [
            "api.example.com:443", "evil.example", "\"decision\":\"deny\"", "<redacted:known_secret>", "kernel ",
        ] {
            #expect(text.contains(word), "\(word)")
        }
    }

    @Test func `the canaries are found where nothing is redacted`() throws {
        let text = "\(Canary.all.joined(separator: " "))".lowercased()
        for canary in Canary.all { #expect(forms(canary).contains { text.contains($0) }) }
    }

    @Test func `the same files give the same archive, which tar reads`() throws {
        let scratch = try Scratch()
        func archive() -> [UInt8] {
            var archive = TarArchive()
            archive.add("a/empty", [])
            archive.add("a/block", [UInt8](repeating: 65, count: 512))
            archive.add("a/more", [UInt8](repeating: 66, count: 513))
            archive.finish()
            return archive.bytes
        }
        #expect(archive() == archive())
        #expect(archive().count % 512 == 0)
        let path = try scratch.write("a.tar", String(decoding: archive(), as: UTF8.self))
        let tar = Process(), output = Pipe()
        tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        tar.arguments = ["TZ=UTC", "LC_ALL=C", "tar", "-tvf", path]
        tar.standardOutput = output
        try tar.run()
        let list = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        tar.waitUntilExit()
        #expect(tar.terminationStatus == 0)
        let lines = list.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
        #expect(
            lines == [
                "-rw------- 0/0 0 1970-01-01 00:00 a/empty", "-rw------- 0/0 512 1970-01-01 00:00 a/block",
                "-rw------- 0/0 513 1970-01-01 00:00 a/more",
            ]
        )
    }

    @Test func `of a long audit file the last whole lines are taken`() throws {
        let scratch = try Scratch()
        let line = #"{"event":"name","port":1}"# + "\n"
        let count = BundleContents.auditLimit / line.utf8.count + 100
        let path = try scratch.write("long.jsonl", String(repeating: line, count: count) + #"{"event":"exit"}"#)
        var contents = BundleContents(try BundleRedaction(values: [], environment: [:]))
        try contents.addAudit(path: path)
        let text = String(decoding: contents.files[0].content, as: UTF8.self)
        #expect(text.utf8.count <= BundleContents.auditLimit)
        #expect(text.hasPrefix(line))
        #expect(text.hasSuffix(#"{"event":"exit"}"# + "\n"))
    }

    @Test func `a policy that cannot be read is told by its place, not by its text`() throws {
        let scratch = try Scratch()
        let path = try scratch.write(
            "broken.yaml",
            "version: 1\nallow:\n  - \(Canary.comment)\nsecret: \(Canary.comment)\n"
        )
        var contents = BundleContents(try BundleRedaction(values: [], environment: [:]))
        contents.addPolicy(path: path)
        #expect(String(decoding: contents.files[0].content, as: UTF8.self).hasPrefix("not readable as a policy at "))
        #expect(!String(decoding: contents.files[0].content, as: UTF8.self).contains(Canary.comment))
    }

    @Test(arguments: [
        ("api.github.com", "api.github.com"),
        ("*.s3.eu-central-1.amazonaws.com:443", "*.s3.eu-central-1.amazonaws.com:443"),
        ("123456789012345.example", "123456789012345.example"),
        ("1234567890123456.example", "<redacted:secret>.example"),
        ("a." + String(repeating: "x", count: 23), "a." + String(repeating: "x", count: 23)),
        ("a." + String(repeating: "x", count: 24), "a.<redacted:secret>"),
    ])
    func `labels that may carry data are redacted`(name: String, expected: String) {
        #expect(Redactor.redact(host: name) == expected)
    }
}
