// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import EgressDNS

@Suite struct RecordTypeTests {
    @Test(arguments: [("A", 1), ("aaaa", 28), ("TXT", 16), ("TYPE65", 65), ("type65280", 65280), ("HTTPS", 65)])
    func `a type is read by name or number`(_ text: String, _ number: UInt16) {
        // RFC 3597, section 5.
        #expect(RecordType(text)?.rawValue == number)
    }

    @Test(arguments: ["", "TYPE", "TYPE+1", "TYPE01", "TYPE65536", "AA", "1", "TYPE-1"])
    func `anything else is no type`(_ text: String) {
        #expect(RecordType(text) == nil)
    }

    @Test func `every number has a name that reads back`() {
        for number in UInt16.min...UInt16.max {
            let type = RecordType(rawValue: number)
            #expect(RecordType(type.description) == type)
        }
    }
}
