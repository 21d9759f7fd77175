// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressRequests
import NIOHTTP1

/// What a redirect is, and where it leads.
enum Redirect {
    /// The statuses that are followed (RFC 9110, section 15.4); 300, 304 and 305 are results like any other.
    static func isFollowed(_ status: UInt) -> Bool { [301, 302, 303, 307, 308].contains(status) }

    /// Scheme, host and port are the same (RFC 6454).
    static func isSameOrigin(_ one: WebURL, _ other: WebURL) -> Bool {
        one.scheme == other.scheme && one.host == other.host && one.port == other.port
    }

    /// The URL that a redirect leads to.
    ///
    /// - Throws: When there is no `Location`, more than one, or one that is not a strict URL.
    static func target(_ headers: HTTPHeaders, of url: WebURL) throws(FetchError) -> WebURL {
        let locations = headers["location"]
        guard let location = locations.first else { throw refusal("it names no place to go to") }
        guard locations.count == 1 else { throw refusal("it names \(locations.count) places to go to") }
        let target: WebURL
        do throws(WebURLError) {
            target = try url.resolving(encoded(location))
        } catch {
            throw refusal(error.reason.summary, reason: error.reason == .invalidURL ? .redirectBlocked : error.reason)
        }
        guard target.fragment == nil, let fragment = url.fragment else { return target }
        // RFC 9110, section 10.2.2: the fragment is inherited.
        return (try? WebURL("\(target)#\(fragment)")) ?? target
    }

    /// A refusal to follow.
    static func refusal(_ why: String, to url: WebURL? = nil, reason: Reason = .redirectBlocked) -> FetchError {
        FetchError(
            EgressPolicyError(
                reason,
                "the redirect is not followed: \(why)",
                host: url.map { $0.host.plain },
                port: url?.port
            )
        )
    }

    /// Bytes outside ASCII, percent-encoded: servers send paths in UTF-8, and all clients read them so. What was no UTF-8 is
    /// left to be refused.
    private static func encoded(_ location: String) -> [UInt8] {
        guard !location.unicodeScalars.contains("\u{fffd}") else { return [] }
        // In the host part it stays as it is, and is refused.
        let pathStart = location.utf8.firstIndex { $0 >= 0x80 }.map { location.utf8[..<$0] }
        guard let before = pathStart, startsPath(before) else { return Array(location.utf8) }
        let digits = Array("0123456789ABCDEF".utf8)
        return location.utf8.flatMap { byte in
            byte < 0x80 ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 0xf)]]
        }
    }

    /// Whether what stands before a byte outside ASCII ends the authority, so that the byte is in a path, query or fragment.
    private static func startsPath(_ before: Substring.UTF8View) -> Bool {
        let text = Substring(before)
        guard let slashes = text.firstRange(of: "//") else { return !text.contains(":") }
        return text[slashes.upperBound...].contains { $0 == "/" || $0 == "?" || $0 == "#" }
    }
}

extension WebURL.Authority {
    /// The name, or the address without brackets.
    var plain: String {
        switch self {
        case .name(let host): host.description
        case .address(let address): address.description
        }
    }
}
