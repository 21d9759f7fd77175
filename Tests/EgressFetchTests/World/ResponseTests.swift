// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// Everything that needs servers. Serialized, because they note what arrived and not for whom.
@Suite(.serialized) enum FetchWorldTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var path: String
        var status: Int32
        /// What stands in the output or, for a failure, in the complaint.
        var text: String
        var arguments: [String] = []

        init(_ path: String, _ status: Int32, _ text: String, _ arguments: [String] = []) {
            self.path = path
            self.status = status
            self.text = text
            self.arguments = arguments
        }

        var testDescription: String { ([path] + arguments).joined(separator: " ") }

        func expect() throws {
            let outcome = try FetchWorld.shared().get(path, arguments)
            #expect(outcome.status == status, "\(outcome)")
            #expect((status == 0 ? outcome.standardOutput : outcome.standardError).contains(text), "\(outcome)")
        }
    }
}

extension FetchWorldTests {
    @Suite struct Responses {
        @Test(arguments: [
            Row("/", 0, "hello\n"), Row("/chunked", 0, "wikipedia"), Row("/until-close", 0, "all there is"),
            Row("/interim", 0, "ok"), Row("/extra", 0, "first"), Row("/status/204", 0, ""),
            Row("/gzip", 0, "quick brown"), Row("/x-gzip", 0, "quick brown"), Row("/gzip-members", 0, "quick brown"),
            Row("/deflate", 0, "quick brown"), Row("/deflate-raw", 0, "quick brown"), Row("/gzip-empty", 0, ""),
            Row("/html", 0, "<p>", ["--accept-type", "text/*"]), Row("/", 0, "hello", ["--accept-type", "text/plain"]),
            Row("/status/404", 4, "status 404"), Row("/status/500", 4, "status 500"),
            Row("/status/300", 4, "status 300"),
            Row("/html", 3, "content_type_not_allowed", ["--accept-type", "text/plain", "--accept-type", "image/*"]),
            Row("/big", 3, "has no type", ["--accept-type", "text/plain"]),
        ])
        func `a response that is well formed is taken for what it is`(row: Row) throws { try row.expect() }

        @Test func `nothing of a second response is passed on`() throws {
            #expect(try FetchWorld.shared().get("/extra").standardOutput == "first")
        }

        /// RFC 9112, section 11.2, and the corpora of HTTP Garden and llhttp, for what servers have got away with.
        @Test(arguments: [
            "length-and-chunked", "chunked-and-length", "two-lengths", "list-length", "signed-length",
            "negative-length",
            "huge-length", "folded", "folded-chunked", "space-before-colon", "gzip-chunked", "chunked-twice",
            "chunked-not-last", "coding-unknown", "old-chunked", "chunk-size-text", "chunk-size-prefix",
            "chunk-size-negative", "chunk-size-huge", "chunk-bare-lf", "chunk-too-long", "bare-lf", "bare-cr", "nul",
            "nameless", "rtsp", "http9", "no-head", "ssh", "status-99", "status-999", "switching", "close-early",
            "chunk-cut", "silent-close",
        ])
        func `a response whose end is a matter of opinion, or missing, is refused`(path: String) throws {
            let outcome = try FetchWorld.shared().get("/\(path)")
            #expect(outcome.status == 5, "\(outcome)")
            #expect(outcome.seconds < 10, "it was not refused but waited for: \(outcome)")
        }

        @Test(arguments: ["gzip-cut", "gzip-garbage", "gzip-not", "gzip-crc", "gzip-gzip", "br"])
        func `content that is coded wrongly, twice or otherwise is refused`(path: String) throws {
            try Row("/\(path)", 5, "decoding_failed").expect()
        }

        @Test(arguments: [
            ("endless", 6), ("endless-chunks", 6), ("endless-gzip", 6), ("gzip-bomb", 6), ("endless-extension", 5),
            ("endless-trailer", 5), ("endless-interim", 5), ("endless-header", 5), ("endless-headers", 5),
            ("endless-reason", 5), ("endless-empty-gzip", 6),
        ])
        func `what never ends is ended by a bound on bytes, before any on time`(path: String, status: Int32) throws {
            let outcome = try FetchWorld.shared().get("/\(path)", ["--max-bytes", "30K", "-o", "/dev/null"])
            #expect(outcome.status == status, "\(outcome)")
            #expect(!outcome.standardError.contains("timeout"), "\(outcome)")
        }

        @Test(arguments: [
            Row("/slow-header", 5, "header_timeout"), Row("/late", 5, "header_timeout"),
            Row("/slow-body", 5, "total_timeout", ["--timeout", "1"]),
        ])
        func `what is slow is ended by a bound on time`(row: Row) throws { try row.expect() }

        @Test(arguments: [(1_048_576, 0), (1_048_575, 6), (1, 6)])
        func `a body is cut at the budget and not a byte before or after`(budget: Int, status: Int32) throws {
            let outcome = try FetchWorld.shared().get("/big", ["--max-bytes", "\(budget)"])
            #expect(outcome.status == status, "\(outcome)")
            #expect(outcome.standardOutput.utf8.count == budget)
        }

        @Test(arguments: [(10_000, 0), (9_999, 6)])
        func `the budget holds for unfolded bytes as well`(budget: Int, status: Int32) throws {
            let outcome = try FetchWorld.shared().get("/gzip", ["--max-bytes", "\(budget)"])
            #expect(outcome.status == status, "\(outcome)")
            #expect(outcome.standardOutput.utf8.count == budget)
        }

        @Test func `a file is written whole or not at all`() throws {
            let world = try FetchWorld.shared(), file = "\(world.folder)/kept"
            #expect(try world.get("/", ["-o", file]).status == 0)
            #expect(text(of: file) == "hello\n")
            for (path, arguments) in [("/close-early", []), ("/status/404", []), ("/big", ["--max-bytes", "9"])] {
                let outcome = try world.get(path, arguments + ["-o", file])
                #expect(outcome.status != 0, "\(outcome)")
                #expect(text(of: file) == "hello\n")
            }
            let left = try world.world.run("ls \(world.folder) | grep -c part", as: FetchWorld.account)
            #expect(left.standardOutput == "0\n")
        }
    }
}
