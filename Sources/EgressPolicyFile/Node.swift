// SPDX-License-Identifier: Apache-2.0

/// A value of a policy file, with its place. It holds what was written; no type is guessed.
package struct Node {
    package var mark: Mark
    package var content: Content

    package enum Content {
        case scalar(Scalar)
        case sequence([Node])
        case mapping([Entry])
    }

    /// A key of a mapping, and its value. Keys are unique within a mapping.
    package struct Entry {
        package var key: String
        package var mark: Mark
        package var value: Node
    }
}

/// A piece of text, as it stands between the structure of the file.
package struct Scalar {
    package var text: String
    /// Whether it stands without quotes, so that `true`, `443` and nothing at all are no text.
    package var isPlain: Bool

    /// What YAML 1.2 (section 10.3.2, the core schema) takes it for.
    package var kind: Kind {
        guard isPlain else { return .text }
        switch text {
        case "", "~", "null", "Null", "NULL": return .nothing
        case "true", "false", "True", "False", "TRUE", "FALSE": return .boolean
        default: return !text.isEmpty && text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } ? .number : .text
        }
    }

    package enum Kind: String {
        case nothing
        case boolean = "a boolean"
        case number = "a number"
        case text
    }
}

extension Node {
    /// What this is, for a message that expected something else.
    package var kind: String {
        switch content {
        case .scalar(let scalar): scalar.kind.rawValue
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}
