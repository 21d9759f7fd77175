// SPDX-License-Identifier: Apache-2.0

import EgressText
import NIOHTTP1

/// How the content of a response is coded (RFC 9110, section 8.4).
enum ContentCoding {
    /// What is asked for.
    static let accepted = "gzip, deflate"

    /// The decoder that a response needs, if any.
    ///
    /// Nothing that was not asked for is taken: content that cannot be unfolded cannot be held to a budget either. Two
    /// codings on top of each other serve nobody but bombs.
    static func decoder(for headers: HTTPHeaders) throws(FetchError) -> Inflater? {
        let codings = headers[canonicalForm: "content-encoding"].map { $0.lowercased() }.filter {
            !$0.isEmpty && $0 != "identity"
        }
        guard codings.count < 2 else { throw FetchError(.decodingFailed, "the content is coded more than once") }
        switch codings.first {
        case nil: return nil
        case "gzip", "x-gzip": return Inflater(.gzip)
        case "deflate": return Inflater(.deflate)
        case let other?:
            throw FetchError(
                .decodingFailed,
                "the content is coded as \(String(other).quoted()), which was not asked for"
            )
        }
    }
}
