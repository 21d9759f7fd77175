// SPDX-License-Identifier: Apache-2.0

/// The words that give secrets away, and what is asked where one is found.
///
/// A class, because a structure of so many arrays would be retained part by part at each place that is asked about.
final class ShapeTable: Sendable {
    /// A word, and the shape that begins with or around it.
    struct Anchor: Sendable {
        /// At least four bytes; in small letters if capitals match too.
        var word: [UInt8]
        var isFolded: Bool
        var shape: Shape

        init(_ word: String, folded: Bool = false, _ shape: Shape) {
            self.word = Array(word.utf8)
            isFolded = folded
            self.shape = shape
        }
    }

    /// What can be asked.
    enum Shape: Sendable {
        case apiKey(KeyFormat)
        case jwt
        case bearer
        case basic
        case authorization
        case cookie
        case privateKey
        case url
        case query
        case assignment(RedactionKind, stemLength: Int)
    }

    static let shared = ShapeTable()

    let filter: GramFilter
    private let anchors: [Anchor]
    /// The anchors by the slot of their first four bytes, and where those of each slot begin in that list.
    private let chains: [UInt16]
    private let heads: [UInt16]
    /// The first one, two and three bytes of all words.
    private let beginnings: Set<[UInt8]>

    private init() {
        let all = KeyFormat.anchors + Self.headers + Self.assignments + Self.addresses
        // A longer word says more than a shorter one that it begins with.
        let anchors = all.sorted { $0.word.count > $1.word.count }
        self.anchors = anchors
        filter = GramFilter(anchors.map(\.word))
        let slots = anchors.map { GramFilter.slot(GramFilter.gram($0.word, 0)) }
        chains = anchors.indices.sorted { (slots[$0], $0) < (slots[$1], $1) }.map { UInt16($0) }
        var heads = [UInt16](repeating: 0, count: (1 << 16) + 1)
        for slot in slots { heads[slot + 1] += 1 }
        for slot in 1..<heads.count { heads[slot] += heads[slot - 1] }
        self.heads = heads
        beginnings = Set(anchors.flatMap { anchor in (1...3).map { anchor.word.prefix($0).map(\.folded) } })
    }

    /// What begins at the origin of a sight.
    func match(_ sight: inout Sight) throws(Sight.Unseen) -> ShapeMatch {
        let slot = GramFilter.slot(GramFilter.gram(sight.bytes, sight.origin))
        for index in heads[slot]..<heads[slot + 1] {
            let anchor = anchors[Int(chains[Int(index)])]
            guard try sight.has(anchor.word, at: sight.origin, folded: anchor.isFolded) else { continue }
            let match = try ask(anchor, &sight)
            if case .none = match { continue }
            return match
        }
        return .none
    }

    private func ask(_ anchor: Anchor, _ sight: inout Sight) throws(Sight.Unseen) -> ShapeMatch {
        let end = sight.origin + anchor.word.count
        return switch anchor.shape {
        case .apiKey(let format): try format.match(&sight, end)
        case .jwt: try TokenShape.jwt(&sight)
        case .bearer: try TokenShape.bearer(&sight, end)
        case .basic: try TokenShape.basic(&sight, end)
        case .authorization: try HeaderShape.authorization(&sight, end)
        case .cookie: try HeaderShape.cookie(&sight, end)
        case .privateKey: try PrivateKeyShape.match(&sight, end)
        case .url: try URLShape.userInformation(&sight, end)
        case .query: try URLShape.parameter(&sight, end)
        case .assignment(let kind, let length): try AssignmentShape(kind).match(&sight, sight.origin + length)
        }
    }

    /// The first index from which all bytes to the end may be the beginning of a word.
    ///
    /// No word has a newline, so nothing of a line that is complete is held back.
    func firstBeginning(in text: [UInt8], from start: Int) -> Int {
        (max(start, 0)..<max(start, text.count)).first { beginnings.contains(text[$0...].map(\.folded)) } ?? text.count
    }

    private static let headers: [Anchor] =
        // A JWT is base64url of an object: {"alg…, {"typ… or another name, or { "…
        "abcdefghijklmnopqrstuvwxyz".utf8.map { letter in
            Anchor("eyJ" + SecretForms.base64Character(of: letter), .jwt)
        }
        + [
            Anchor("eyAi", .jwt), Anchor("ewog", .jwt),
            Anchor("bearer", folded: true, .bearer),
            Anchor("basic", folded: true, .basic),
            Anchor("authorization", folded: true, .authorization),
            Anchor("cookie", folded: true, .cookie),
            Anchor("-----BEGIN ", .privateKey),
        ]

    /// `://` has only three bytes: the last letter of the scheme is a part of the word.
    private static let addresses: [Anchor] =
        "abcdefghijklmnopqrstuvwxyz0123456789".map { Anchor("\($0)://", folded: true, .url) }
        + ["key", "sig", "auth", "code", "pass", "pw", "sid", "jwt"].flatMap { name in
            ["?", "&"].map { Anchor($0 + name + "=", folded: true, .query) }
        }

    private static let assignments: [Anchor] =
        ["password", "passwd", "passphrase", "passwort"].map {
            Anchor($0, folded: true, .assignment(.password, stemLength: $0.utf8.count))
        }
        + ["=", ":", "\"", "'", " "].map { Anchor("pwd" + $0, folded: true, .assignment(.password, stemLength: 3)) }
        + [
            "secret", "token", "apikey", "api_key", "api-key", "accesskey", "access_key", "access-key", "privatekey",
            "private_key", "private-key", "accountkey", "account_key", "credential", "signature", "signingkey",
            "signing_key", "encryptionkey", "encryption_key", "masterkey", "master_key", "authkey", "auth_key",
            "sessionid", "session_id", "session_key", "_auth",
        ].map { Anchor($0, folded: true, .assignment(.secret, stemLength: $0.utf8.count)) }
}
