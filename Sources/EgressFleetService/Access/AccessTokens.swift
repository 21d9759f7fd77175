// SPDX-License-Identifier: Apache-2.0

import Crypto
import EgressFleet
import EgressText

/// Who a bearer token stands for.
public enum Role: String, Sendable, Hashable, CaseIterable {
    /// May ask for nonces, register, and beat.
    case worker
    /// May look, drain, quarantine and release.
    case `operator`
}

/// The bearer tokens of a service (RFC 6750), of which only SHA-256 digests are kept in memory.
public struct AccessTokens: Sendable {
    /// The fewest characters of a token: 32 of hex or base64url hold at least 128 bits.
    public static let minimumLength = 32
    /// The most characters of a token.
    public static let maximumLength = 512
    /// The most tokens: each request is compared with all of them.
    public static let maximumCount = 256

    struct Entry: Sendable {
        let role: Role
        let digest: [UInt8]
    }

    let entries: [Entry]

    /// Reads lines of a role and a token: `worker TOKEN` or `operator TOKEN`. Empty lines and lines that begin with `#` are
    /// skipped.
    ///
    /// - Throws: What is wrong, with the number of the line and never with its token.
    public init(parsing text: String) throws(AccessTokenError) {
        var entries: [Entry] = []
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            func problem(_ text: String) -> AccessTokenError { AccessTokenError("line \(index + 1): " + text) }
            guard words.count == 2, let role = Role(rawValue: String(first)) else {
                throw problem("expected 'worker TOKEN' or 'operator TOKEN'")
            }
            let token = Array(words[1].utf8)
            guard token.count >= Self.minimumLength, token.count <= Self.maximumLength else {
                throw problem(
                    "a token has \(Self.minimumLength) to \(Self.maximumLength) characters (openssl rand -hex 32 makes one)"
                )
            }
            guard token.allSatisfy(Self.isTokenCharacter) else {
                throw problem("a token holds A-Z a-z 0-9 - . _ ~ + / = only")
            }
            let digest = Self.digest(token)
            guard !entries.contains(where: { $0.digest == digest }) else {
                throw problem("this token stands twice; one token has one role")
            }
            guard entries.count < Self.maximumCount else { throw problem("more than \(Self.maximumCount) tokens") }
            entries.append(Entry(role: role, digest: digest))
        }
        guard !entries.isEmpty else { throw AccessTokenError("there is no token in it") }
        self.entries = entries
    }

    /// The number and role of a token; nil if it is none. The time does not tell how much of one was right.
    func find(_ token: some Sequence<UInt8>) -> (index: Int, role: Role)? {
        let digest = Self.digest(Array(token))
        var found: (index: Int, role: Role)?
        for (index, entry) in entries.enumerated() where SecureRandom.isEqual(entry.digest, digest) {
            found = (index, entry.role)
        }
        return found
    }

    private static func digest(_ token: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: token)) }

    /// RFC 6750, section 2.1: b64token.
    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~+/=".utf8.contains(byte)
        }
    }
}

/// Why a file of tokens was not taken.
public struct AccessTokenError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, without any token.
    public let description: String

    init(_ description: String) { self.description = description }
}
