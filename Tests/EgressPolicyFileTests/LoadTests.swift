// SPDX-License-Identifier: Apache-2.0

import EgressPolicyFile
import Glibc
import Testing

struct LoadTests {
    @Test func `a file is read from its path`() throws {
        let document = try PolicyDocument.load(path: Fixtures.policies + "/good/everything.yaml")
        #expect(document.allow.count == 12)
    }

    @Test(arguments: [
        ("/nonexistent/policy.yaml", "/nonexistent/policy.yaml: cannot be opened: No such file or directory"),
        ("/dev/null/policy.yaml", "/dev/null/policy.yaml: cannot be opened: Not a directory"),
        ("", ": cannot be opened: No such file or directory"),
        ("/etc", "/etc: cannot be read: Is a directory"),
        ("/proc/self/mem", "/proc/self/mem: cannot be read: Input/output error"),
        ("/dev/null", "/dev/null: the file is empty (a policy that allows nothing is 'version: 1')"),
        ("/dev/zero", "/dev/zero: the file is larger than 8 MiB"),
        ("/dev/null\u{0}x", "/dev/null\\u{0}x: the name of the file holds a NUL byte"),
        ("\u{1b}[2J", "\\u{1b}[2J: cannot be opened: No such file or directory"),
    ])
    func `a file that cannot be read is told in the words of the kernel`(path: String, message: String) {
        let error = #expect(throws: PolicyFileError.self) { try PolicyDocument.load(path: path) }
        #expect(error?.description == message)
        #expect(error?.line == nil)
    }

    @Test func `the largest file is read and one byte more is refused`() throws {
        var bytes = Array("version: 1\n#".utf8)
        bytes += [UInt8](repeating: UInt8(ascii: "x"), count: 8 << 20)
        #expect(throws: PolicyFileError.self) { try PolicyDocument.parse(bytes, name: "large") }
        #expect(throws: Never.self) { try PolicyDocument.parse(Array(bytes.prefix(8 << 20)), name: "large") }
    }

    // bash's <(...) is a pipe, whose contents come in pieces.
    @Test func `a pipe is read to its end`() throws {
        var ends: [Int32] = [0, 0]
        try #require(unsafe pipe(&ends) == 0)
        defer { close(ends[0]) }
        let text = "version: 1\nallow: [example.com]\n"
        #expect(unsafe write(ends[1], text, text.utf8.count) == text.utf8.count)
        close(ends[1])
        let document = try PolicyDocument.load(path: "/dev/fd/\(ends[0])")
        #expect(document.allow.count == 1)
    }
}
