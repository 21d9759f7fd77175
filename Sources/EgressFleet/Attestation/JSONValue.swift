// SPDX-License-Identifier: Apache-2.0

/// JSON as signed statements have it (RFC 8259), read strictly: what two readers could take for two things is refused.
///
/// Numbers are whole: none of our claims is a fraction.
enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// Reads a document.
    ///
    /// - Throws: `malformed` or `duplicateName`.
    init(parsing bytes: [UInt8]) throws(WorkerAttestationError) {
        var reader = JSONReader(bytes: bytes)
        self = try reader.document()
    }

    var string: String? { if case .string(let value) = self { value } else { nil } }
    var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
    var object: [String: JSONValue]? { if case .object(let value) = self { value } else { nil } }
}
