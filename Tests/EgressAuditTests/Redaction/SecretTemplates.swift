// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import TestSupport

/// A text with secrets in it, made from a line of Fixtures/redaction/secrets.txt.
struct SecretSample: Sendable, CustomStringConvertible {
    var kind: String
    var template: String
    var text: String
    /// What must not be left of it.
    var secrets: [String]

    var description: String { kind + ": " + text.prefix(120) }

    /// Each template, filled so many times.
    static func all(copies: Int, seed: UInt64) -> [SecretSample] {
        var generator = SeededGenerator(seed: seed)
        let lines = (contents(of: Fixtures.path("redaction/secrets.txt")) ?? []).split(separator: UInt8(ascii: "\n"))
            .map { String(decoding: $0, as: UTF8.self) }
        return lines.flatMap { line -> [SecretSample] in
            let parts = line.split(separator: "\t", maxSplits: 1)
            guard parts.count == 2 else { return [] }
            return (0..<copies).map { _ in fill(String(parts[0]), parts[1], &generator) }
        }
    }

    private static func fill(_ kind: String, _ template: Substring, _ generator: inout SeededGenerator) -> SecretSample
    {
        var sample = SecretSample(kind: kind, template: String(template), text: "", secrets: [])
        var rest = template
        while let character = rest.popFirst() {
            if character == "\\" {
                let escaped = rest.popFirst()
                sample.text += escaped.map { ["n": "\n", "t": "\t", "r": "\r"][$0] ?? String($0) } ?? "\\"
            } else if character == "{", let end = rest.firstIndex(of: "}"), rest.prefix(upTo: end).isTag {
                let secret = make(rest[..<end], &generator)
                sample.text += secret
                sample.secrets += secret.split(whereSeparator: { $0.isNewline || $0 == "\\" }).map(String.init).filter {
                    $0.count >= 4
                }
                rest = rest[rest.index(after: end)...]
            } else {
                sample.text.append(character)
            }
        }
        return sample
    }

    private static let sets: [String: String] = {
        let upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        let alnum = upper + upper.lowercased() + "0123456789"
        return [
            "alnum": alnum, "lower": upper.lowercased(), "upper": upper, "digit": "0123456789",
            "hex": "0123456789abcdef",
            "base32": upper + "234567", "base64": alnum + "+/", "url": alnum + "-_", "word": alnum + "_",
        ]
    }()

    private static func make(_ tag: Substring, _ generator: inout SeededGenerator) -> String {
        if tag.hasPrefix("=") { return String(tag.dropFirst()) }
        let parts = tag.split(separator: ":")
        guard parts.count == 2, let count = Int(parts[1]) else { return "" }
        switch parts[0] {
        case "pem", "pemjson":
            let body = random("base64", count, &generator)
            let lines = stride(from: 0, to: count, by: 64).map { body.dropFirst($0).prefix(64) }
            return lines.map { $0 + (parts[0] == "pem" ? "\n" : "\\n") }.joined()
        case "basic":
            return base64("user:" + random("alnum", count, &generator))
        default:
            return random(String(parts[0]), count, &generator)
        }
    }

    private static func random(_ set: String, _ count: Int, _ generator: inout SeededGenerator) -> String {
        let characters = Array(sets[set] ?? "")
        return String((0..<count).compactMap { _ in characters.randomElement(using: &generator) })
    }

    static func base64(_ text: String) -> String {
        let ordered = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        let bytes = Array(text.utf8)
        return stride(from: 0, to: bytes.count, by: 3).map { index -> String in
            let group = bytes[index..<min(index + 3, bytes.count)]
            let value = (0..<3).reduce(0) { $0 << 8 | (index + $1 < bytes.count ? Int(bytes[index + $1]) : 0) }
            let characters = [18, 12, 6, 0].map { ordered[value >> $0 & 63] }
            return String(characters.prefix(group.count + 1)) + String(repeating: "=", count: 3 - group.count)
        }.joined()
    }
}

extension Substring {
    /// True for the inside of `{…}` in a template.
    fileprivate var isTag: Bool {
        hasPrefix("=") || wholeMatch(of: /[a-z0-9]+:[0-9]+/) != nil
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same random numbers in every run, so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
