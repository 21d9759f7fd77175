// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import Foundation
import Testing

/// Values with what encoders treat differently: nothing, signs, spaces, quotes, controls, letters beyond ASCII.
private let values = [
    "Tr0ub4dor&3", "plainvalue", "with space/and+plus=", "quote\"back\\slash<tag>'x'", "line\nend\ttab",
    "Gr\u{fc}\u{df}e\u{1f511}",
    "a=b&c=d?e#f", "%41%42%43%", "\u{1}\u{2}\u{3}\u{4}\u{5}",
]

/// Each way to write a value, by the encoders of Foundation and by hand.
private func forms(_ value: String) throws -> [(String, String)] {
    let data = Data(value.utf8)
    var result = [("plain", value)]
    for before in ["", "x", "xy", "xyz"] {
        for after in ["", "p", "pq"] {
            let text = (Data(before.utf8) + data + Data(after.utf8)).base64EncodedString()
            result.append(("base64", text))
            result.append(
                ("base64url", text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: ""))
            )
        }
    }
    result.append(("hex", data.map { String(format: "%02x", $0) }.joined()))
    result.append(("HEX", data.map { String(format: "%02X", $0) }.joined()))
    result.append(("percent, all", data.map { String(format: "%%%02x", $0) }.joined()))
    for set in [CharacterSet.alphanumerics, .urlQueryAllowed, .urlPathAllowed, .urlPasswordAllowed] {
        let ascii = set.intersection(CharacterSet(charactersIn: "\u{20}"..."\u{7e}"))
        if ascii == .alphanumerics.intersection(CharacterSet(charactersIn: "\u{20}"..."\u{7e}")) {
            let unreserved = ascii.union(CharacterSet(charactersIn: "-._~"))
            result.append(("percent", value.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""))
        }
    }
    let json = String(decoding: try JSONEncoder().encode([value]), as: UTF8.self)
    result.append(("json", String(json.dropFirst(2).dropLast(2))))
    let plainSlashes = JSONEncoder()
    plainSlashes.outputFormatting = .withoutEscapingSlashes
    let other = String(decoding: try plainSlashes.encode([value]), as: UTF8.self)
    result.append(("json, slashes", String(other.dropFirst(2).dropLast(2))))
    return result
}

struct KnownSecretTests {
    @Test(arguments: values)
    func `a value is found in every form`(value: String) throws {
        let secrets = try KnownSecrets([Array(value.utf8)])
        for (name, form) in try forms(value) {
            let result = Redactor.redact("left \(form) right", secrets: secrets)
            #expect(result.hasPrefix("left "), "\(name)")
            #expect(result.hasSuffix(" right"), "\(name)")
            #expect(result.contains("<redacted:known_secret>"), "\(name): \(form)")
            // Of base64 the first and last characters belong to the neighbours as well.
            let left = result.dropFirst(5).dropLast(6).replacing("<redacted:known_secret>", with: "")
            #expect(left.count <= (name.hasPrefix("base64") ? 10 : 0), "\(name): \(left)")
        }
    }

    @Test func `a value in the audit file's escapes is found`() throws {
        let secrets = try KnownSecrets([Array("Gr\u{fc}\u{df}e\u{1f511}".utf8)])
        #expect(Redactor.redact(#"x Gr\u00fc\u00dfe\ud83d\udd11 y"#, secrets: secrets) == "x <redacted:known_secret> y")
    }

    @Test func `values that overlap are redacted as one`() throws {
        let secrets = try KnownSecrets(["abcdef", "defghi", "abcd"].map { Array($0.utf8) })
        #expect(
            Redactor.redact("-abcdefghi-abcdef-abcd-abcdabcd", secrets: secrets)
                == "-<redacted:known_secret>-<redacted:known_secret>-<redacted:known_secret>-<redacted:known_secret><redacted:known_secret>"
        )
    }

    @Test func `a value whose beginning is repeated is found`() throws {
        let secrets = try KnownSecrets([Array("aabaaabaaac".utf8)])
        #expect(Redactor.redact("aabaaabaaabaaabaaac", secrets: secrets) == "aabaaaba<redacted:known_secret>")
    }

    @Test func `each line of a value of several lines is found`() throws {
        let secrets = try KnownSecrets([Array("first line of a key\nsecond line of a key\nshort".utf8)])
        let result = Redactor.redact("1| first line of a key\n2| second line of a key\n3| short", secrets: secrets)
        #expect(result == "1| <redacted:known_secret>\n2| <redacted:known_secret>\n3| short")
    }

    @Test func `thousands of values with one beginning are told apart`() throws {
        let values = (0..<4000).map { "prefix-that-is-shared-\($0)-x" }
        let secrets = try KnownSecrets(values.map { Array($0.utf8) })
        #expect(Redactor.redact("a prefix-that-is-shared-3999-x b", secrets: secrets) == "a <redacted:known_secret> b")
        #expect(
            Redactor.redact("a prefix-that-is-shared-4000-x b", secrets: secrets) == "a prefix-that-is-shared-4000-x b"
        )
    }

    @Test(arguments: [
        (0, KnownSecretsError.tooShort(index: 1)), (3, .tooShort(index: 1)), (4, nil), (16 << 10, nil),
        ((16 << 10) + 1, .tooLong(index: 1)),
    ])
    func `a value of a length that cannot be looked for is refused`(length: Int, expected: KnownSecretsError?) {
        let values = [Array("first".utf8), [UInt8](repeating: UInt8(ascii: "q"), count: length)]
        do {
            _ = try KnownSecrets(values)
            #expect(expected == nil)
        } catch {
            #expect(error == expected)
        }
    }

    @Test func `more than can be held is refused`() {
        let values = (0..<9).map { [UInt8](repeating: UInt8($0) + 65, count: 16 << 10) }
        #expect(throws: KnownSecretsError.tooMany) { try KnownSecrets(values) }
    }
}
