// SPDX-License-Identifier: Apache-2.0

import Crypto
import FoundationEssentials

/// What a release must show.
struct Inventory: Codable {
    /// The version of this file's form.
    var version: Int
    var cases: [Case]

    /// One thing to show.
    struct Case: Codable {
        var id: String
        /// What it belongs to, for the report.
        var suite: String
        var title: String
        /// A contract that this program can tell by itself.
        var contract: String?
        /// A contract that is the transcript of commands.
        var commands: [[String]]?
        /// True if the transcript has the exit statuses alone.
        var statusOnly: Bool?
        /// A module of tests, all of which must have passed.
        var tests: String?
        /// How many tests it has at least.
        var minimum: Int?
        /// How a contract came to be what it is, oldest first.
        var changes: [Change]?
    }

    /// A change of a contract.
    struct Change: Codable {
        /// Of the snapshot since then.
        var sha256: String
        /// Of the build that it was accepted for.
        var version: String
        var reason: String
    }

    static func load(_ path: String) throws -> Inventory {
        try JSONDecoder().decode(Inventory.self, from: Data(contentsOf: URL(filePath: path)))
    }

    func save(_ path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        var data = try encoder.encode(self)
        data.append(UInt8(ascii: "\n"))
        try data.write(to: URL(filePath: path), options: .atomic)
    }

    /// Makes what a contract is now its snapshot.
    mutating func accept(_ id: String, because reason: String, _ build: Build) throws {
        guard let index = cases.firstIndex(where: { $0.id == id }),
            let text = try Contract.text(of: cases[index], build)
        else {
            throw EvalError("the inventory has no contract '\(id)'")
        }
        let digest = Self.digest(text)
        guard cases[index].changes?.last?.sha256 != digest else { return }
        try Data(text.utf8).write(to: URL(filePath: build.snapshotPath(id)), options: .atomic)
        let version = try build.run(["egress-run", "--version"]).output
        let change = Change(sha256: digest, version: version.trimmingSpace, reason: reason)
        cases[index].changes = (cases[index].changes ?? []) + [change]
    }

    static func digest(_ text: String) -> String {
        SHA256.hash(data: Data(text.utf8)).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}

/// Why the evaluation can't be made.
struct EvalError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension String {
    /// Without white space at its end.
    fileprivate var trimmingSpace: String {
        var text = self
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
