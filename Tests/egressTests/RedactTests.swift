// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import EgressAudit
@testable import egress

private func file(_ text: String) throws -> String {
    let path = NSTemporaryDirectory() + "egress-redact-\(UUID().uuidString)"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
}

struct RedactTests {
    @Test func `a file of secrets has one a line`() throws {
        let path = try file("first secret\r\n\nsecond\n")
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try SecretFile.values(path).map { String(decoding: $0, as: UTF8.self) } == ["first secret", "second"])
    }

    @Test func `a secret that is too short is told by its line, not by its text`() throws {
        let path = try file("long enough\n\nxyz\n")
        defer { try? FileManager.default.removeItem(atPath: path) }
        do {
            _ = try SecretFile.read([path])
            Issue.record("it was taken")
        } catch {
            #expect("\(error)".contains("line 3"))
            #expect(!"\(error)".contains("xyz"))
        }
    }

    @Test func `a missing file of secrets is an error`() {
        #expect(throws: (any Error).self) { try SecretFile.read(["/nonexistent/secrets"]) }
    }

    @Test(arguments: [0, 1, 2])
    func `the report is JSON, however much was found`(count: Int) throws {
        let path = try file("")
        defer { try? FileManager.default.removeItem(atPath: path) }
        var report = try RedactionReport(path: path)
        for index in 0..<count { try report.add([RedactionFinding(kind: .jwt, offset: index * 100, length: 30)]) }
        try report.add([])
        try report.close()
        let object =
            try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any]
        #expect(object?["count"] as? Int == count)
        let findings = object?["findings"] as? [[String: Any]]
        #expect(findings?.count == count)
        #expect(findings?.last?["kind"] as? String == (count > 0 ? "jwt" : nil))
    }

    @Test(arguments: [
        ("https://api.example/v1?page=2&token=abc&x=1", "https://api.example/v1?page=2&token=<redacted:query>&x=1"),
        ("https://me:pw@api.example/", "https://<redacted:url_password>@api.example/"),
        ("https://api.example/?q=Zx8Kp2Lm9Qw4Rt6Yb1Nc", "https://api.example/?q=<redacted:query>"),
        ("https://api.example/a?b", "https://api.example/a?b"),
        ("/relative?api_key=1", "/relative?api_key=<redacted:query>"),
    ])
    func `a URL keeps all but its secrets`(url: String, expected: String) {
        #expect(Redactor.redact(url: url) == expected)
    }
}
