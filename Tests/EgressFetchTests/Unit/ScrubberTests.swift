// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import EgressFetch

@Suite struct ScrubberTests {
    @Test(arguments: 1...9)
    func `a secret is found however the stream is cut`(size: Int) {
        var scrubber = SecretScrubber()
        scrubber.add(Array("s3cr3t-value".utf8))
        let input = Array("before s3cr3t-value, s3cr3t-valu and s3cr3t-values3cr3t-value".utf8)
        var output: [UInt8] = [], rest = input[...]
        while !rest.isEmpty {
            output += scrubber.scrub(rest.prefix(size))
            rest = rest.dropFirst(size)
        }
        output += scrubber.finish()
        #expect(String(decoding: output, as: UTF8.self) == "before [REDACTED], s3cr3t-valu and [REDACTED][REDACTED]")
    }

    @Test(arguments: [
        "YWRtaW46aHVudGVyMnh5ei0xMjM=", "eGh1bnRlcjJ4eXotMTIz", "aHVudGVyMnh5ei0xMjM=", "68756e7465723278797a2d313233",
        "68756E7465723278797A2D313233", "HUNTER2XYZ-123".lowercased(), "%68unter2xyz-123".replacing("%68", with: "h"),
    ])
    func `a secret is found in base64, hexadecimal and percent-encoded`(text: String) {
        var scrubber = SecretScrubber()
        scrubber.add(Array("hunter2xyz-123".utf8))
        #expect(scrubber.finds(in: "a \(text) b"), "\(text)")
        #expect(!scrubber.finds(in: "a hunter2xyz-12 b"))
    }

    @Test func `what is too short to be a secret is let be`() {
        var scrubber = SecretScrubber()
        scrubber.add(Array("short".utf8))
        #expect(scrubber.isEmpty)
        #expect(scrubber.scrub("a short text") == "a short text")
    }
}
