// SPDX-License-Identifier: Apache-2.0

import EgressPolicyFile
import Testing

/// One file per way to break a policy, in `Fixtures/policies/broken`; `messages.txt` there has a line for each.
struct BrokenPolicyTests {
    static let messages = Dictionary(
        uniqueKeysWithValues: ((try? Fixtures.bytes("broken/messages.txt")) ?? [])
            .split(separator: UInt8(ascii: "\n"))
            .map { String(decoding: $0, as: UTF8.self) }
            .map { (String($0.prefix { $0 != ":" }), $0) }
    )

    @Test(arguments: try Fixtures.names(in: "broken").filter { $0 != "messages.txt" })
    func `a broken policy is refused with one exact message`(file: String) throws {
        let bytes = try Fixtures.bytes("broken/" + file)
        let error = #expect(throws: PolicyFileError.self) { try PolicyDocument.parse(bytes, name: file) }
        #expect(error?.description == Self.messages[file])
    }

    @Test func `every message has its file`() throws {
        #expect(Set(Self.messages.keys).subtracting(try Fixtures.names(in: "broken")) == [])
    }

    @Test(arguments: Self.messages.values.sorted())
    func `a message is one printable line`(message: String) {
        #expect(message.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f })
        #expect(message.utf8.count <= 200)
    }
}
