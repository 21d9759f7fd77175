// SPDX-License-Identifier: Apache-2.0

import Crypto
import EgressAudit
import EgressFleet

/// The cookies of people who logged in to the page: a moment of expiry and a code over it, with a key that dies with the process.
struct Sessions: Sendable {
    static let lifetime: UInt64 = 8 * 3600

    private let key = SymmetricKey(size: .bits256)
    /// Whether the page is served over TLS.
    let isSecure: Bool

    /// With the prefix, browsers take it from nobody but this very host over TLS (RFC 6265bis, section 4.1.3.2).
    var name: String { isSecure ? "__Host-egress-fleet" : "egress-fleet" }

    /// The value of the `Set-Cookie` header that begins a session.
    func begin(at now: Timestamp) -> String {
        let expires = String(now.milliseconds / 1000 + Self.lifetime)
        return header("\(expires).\(code(of: expires))", maximumAge: Self.lifetime)
    }

    /// The value of the `Set-Cookie` header that ends it in the browser.
    func end() -> String { header("", maximumAge: 0) }

    /// Whether a `Cookie` header has a session that goes on.
    func isOpen(_ cookies: String?, at now: Timestamp) -> Bool {
        guard let cookies else { return false }
        for pair in cookies.split(separator: ";") {
            let trimmed = pair.drop { $0 == " " }
            guard trimmed.hasPrefix(name + "=") else { continue }
            let parts = trimmed.dropFirst(name.utf8.count + 1).split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 2, let expires = UInt64(parts[0]), String(expires) == parts[0],
                SecureRandom.isEqual(code(of: parts[0]).utf8, parts[1].utf8)
            else { continue }
            return now.milliseconds / 1000 < expires
        }
        return false
    }

    private func header(_ value: String, maximumAge: UInt64) -> String {
        let secure = isSecure ? "; Secure" : ""
        return "\(name)=\(value); Path=/; Max-Age=\(maximumAge); HttpOnly; SameSite=Strict\(secure)"
    }

    private func code(of expires: some StringProtocol) -> String {
        let bytes = Array(HMAC<SHA256>.authenticationCode(for: Array("session:\(expires)".utf8), using: key))
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
