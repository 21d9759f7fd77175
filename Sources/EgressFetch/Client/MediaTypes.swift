// SPDX-License-Identifier: Apache-2.0

import EgressRequests
import EgressText
import NIOHTTP1

/// The media types that a caller takes.
struct MediaTypes {
    /// `type/subtype` or `type/*`, in lower case.
    private let patterns: [String]

    init(_ patterns: [String]) throws(FetchError) {
        for pattern in patterns {
            let parts = pattern.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            guard parts.count == 2, parts.allSatisfy({ CredentialHeader.isToken($0) }),
                parts[0].first != UInt8(ascii: "*")
            else {
                throw FetchError(
                    .invalidRequest,
                    "\(pattern.quoted()) is no media type, such as application/json or text/*"
                )
            }
        }
        self.patterns = patterns.map { $0.lowercased() }
    }

    /// What is asked for.
    var acceptValue: String { patterns.isEmpty ? "*/*" : patterns.joined(separator: ", ") }

    /// Refuses a response of another type, or of several, or of none.
    func check(_ headers: HTTPHeaders) throws(FetchError) {
        guard !patterns.isEmpty else { return }
        let values = headers["content-type"]
        let type = (values.first ?? "").prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
        let accepted = patterns.contains { pattern in
            pattern.hasSuffix("/*") ? type.hasPrefix(pattern.dropLast()) : type == pattern
        }
        guard values.count == 1, accepted else {
            let found = values.isEmpty ? "has no type" : "is of the type \(values.joined(separator: ", ").quoted())"
            throw FetchError(.contentTypeNotAllowed, "the response \(found), and only \(acceptValue) was asked for")
        }
    }
}
