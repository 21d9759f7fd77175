// SPDX-License-Identifier: Apache-2.0

/// What is changed in the statement of a well-held worker.
struct AttestationInput: Decodable, Sendable {
    /// Claims that get another value, by their paths.
    var set: [String: JSONTree]?
    /// Claims that get a moment, in seconds from now.
    var setOffset: [String: Int64]?
    /// Claims that are taken out, by their paths.
    var remove: [String]?
    /// Claims that stand twice, first with this value.
    var duplicate: [String: JSONTree]?
    /// Members of the header that get another value; null takes them out.
    var header: [String: JSONTree]?
    /// When it was issued and expires, in seconds from now.
    var issued, expires: Int64?
    /// How it is signed.
    var signature: Signature?
    /// How often it is presented; the last one counts.
    var present: Int?
    /// Whether each is another statement, with the same nonce.
    var freshTokenID: Bool?

    enum Signature: String, Decodable, Sendable {
        /// By the trusted key.
        case trusted
        /// By it, with one bit changed.
        case corrupt
        case empty
        /// By another key, under its own name or under that of the trusted key.
        case stranger
        case strangerAsTrusted = "stranger_as_trusted"
        /// By the trusted key, of another statement.
        case ofAnother = "of_another"
        /// HMAC with the public key as its secret.
        case hmac
        /// No third part.
        case absent
        /// With the padding of base64.
        case padded
    }

    enum CodingKeys: String, CodingKey {
        case set, remove, duplicate, header, issued, expires, signature, present
        case setOffset = "set_offset"
        case freshTokenID = "fresh_token_id"
    }
}
