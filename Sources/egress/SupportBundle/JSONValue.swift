// SPDX-License-Identifier: Apache-2.0

/// Any JSON, so that each text in it can be redacted by itself.
enum JSONValue: Codable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case integer(Int64)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    /// The value with each text replaced; `change` is told the key that it belongs to.
    func mapTexts(key: String = "", _ change: (String, String) -> String) -> JSONValue {
        switch self {
        case .text(let value): .text(change(key, value))
        case .list(let values): .list(values.map { $0.mapTexts(key: key, change) })
        case .object(let members):
            .object(
                Dictionary(
                    members.map { (change("", $0.key), $0.value.mapTexts(key: $0.key, change)) },
                    uniquingKeysWith: { first, _ in first }
                )
            )
        default: self
        }
    }
}
