// SPDX-License-Identifier: Apache-2.0

/// The answers of the HTTP API, as far as they matter. What else they hold is passed over.
enum OpenBaoAnswer {
    /// Of `GET /v1/MOUNT/data/PATH`; with status 404 for a version that was deleted.
    struct Version: Decodable {
        struct Outer: Decodable {
            var data: [String: Field]?
            var metadata: Metadata?
        }

        struct Metadata: Decodable {
            /// Empty, or when the version was deleted.
            var deletionTime: String?
            var destroyed: Bool?

            enum CodingKeys: String, CodingKey {
                case deletionTime = "deletion_time"
                case destroyed
            }
        }

        var data: Outer?

        var isDeleted: Bool {
            guard let metadata = data?.metadata else { return false }
            return metadata.destroyed == true || metadata.deletionTime?.isEmpty == false
        }
    }

    /// A field of a secret: any JSON, of which only text can be used.
    enum Field: Decodable {
        case text(String)
        case other

        init(from decoder: any Decoder) throws {
            self = (try? decoder.singleValueContainer().decode(String.self)).map(Field.text) ?? .other
        }
    }

    /// Of `GET /v1/auth/token/lookup-self`.
    struct Token: Decodable {
        struct Fields: Decodable {
            /// In seconds; 0 if it never ends.
            var ttl: Int
            var creationTTL: Int?
            var period: Int?
            var renewable: Bool?

            enum CodingKeys: String, CodingKey {
                case ttl
                case creationTTL = "creation_ttl"
                case period
                case renewable
            }
        }

        var data: Fields
    }

    /// Of `POST /v1/auth/token/renew-self`.
    struct Renewal: Decodable {
        struct Fields: Decodable {
            var leaseDuration: Int

            enum CodingKeys: String, CodingKey {
                case leaseDuration = "lease_duration"
            }
        }

        var auth: Fields
    }
}
