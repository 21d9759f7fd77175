// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// What a response head may not say, because programs disagree about where such a response ends (RFC 9112, sections 6 and 11).
///
/// The parser (llhttp in its strict mode) has refused before: both Content-Length and Transfer-Encoding, several or malformed
/// lengths, folded lines, bare CR or LF, chunk sizes that are no plain hexadecimal number.
enum ResponseFraming {
    static func complaint(about head: HTTPResponseHead) -> FetchError? {
        func violation(_ text: String) -> FetchError { FetchError(.protocolViolation, text) }
        if head.status.code == 101 { return violation("the server switched protocols unasked") }
        if head.status.code < 200 || head.status.code > 599 { return violation("the response has no valid status") }
        if head.headers.count > HTTPPipeline.maximumFieldCount {
            return violation("the response has too many header fields")
        }
        // The decoder of HTTP/2 has refused these as connection-specific, and its head says 2.0.
        guard head.version.major == 1 else { return nil }
        let codings = head.headers["transfer-encoding"]
        guard !codings.isEmpty else { return nil }
        guard head.version.minor > 0 else { return violation("an HTTP/1.0 response has a transfer coding") }
        guard codings.count == 1, codings[0].lowercased() == "chunked" else {
            return violation("the response has another transfer coding than 'chunked'")
        }
        return nil
    }
}
