// SPDX-License-Identifier: Apache-2.0

/// A request that must not be made, and the world it is made in. What is left out is as usual.
struct RequestInput: Decodable, Sendable {
    /// `{unique}` in it is replaced by a label that no other replay has.
    var url: String?
    var method: String?
    var headers: [String]?
    var allow: [String]?
    var deny: [String]?
    var allowPrivate: Bool?
    var maxResponseBytes: UInt64?
    var credentials: [Credential]?
    /// How often it is made; the last one counts.
    var requests: Int?
    /// What names resolve to; the servers of the corpus (Tests/Programs/corpus/servers.py) answer so as well.
    var dns: [String: [Answer]]?

    /// One look-up of a name.
    struct Answer: Codable, Sendable {
        var aliases: [String]?
        var addresses: [String]?
        /// The server fails.
        var fails: Bool?
    }

    struct Credential: Decodable, Sendable {
        var header: String
        var source: String
        var hosts: [String]
    }

    enum CodingKeys: String, CodingKey {
        case url, method, headers, allow, deny, credentials, requests, dns
        case allowPrivate = "allow_private"
        case maxResponseBytes = "max_response_bytes"
    }

    /// The rules of a request that names none.
    static let usualRules = ["allowed.example:80", "allowed.example:443", "attack.example:9443"]

    var allowed: [String] { allow ?? Self.usualRules }
    var denied: [String] { deny ?? [] }
    var count: Int { requests ?? 1 }

    /// The URL for one replay.
    func url(for label: String) -> String { (url ?? "").replacing("{unique}", with: label) }

    /// This, changed by what a twin says.
    func changed(by twin: RequestInput) -> RequestInput {
        RequestInput(
            url: twin.url ?? url,
            method: twin.method ?? method,
            headers: twin.headers ?? headers,
            allow: twin.allow ?? allow,
            deny: twin.deny ?? deny,
            allowPrivate: twin.allowPrivate ?? allowPrivate,
            maxResponseBytes: twin.maxResponseBytes ?? maxResponseBytes,
            credentials: twin.credentials ?? credentials,
            requests: twin.requests ?? requests,
            dns: twin.dns ?? dns
        )
    }
}
