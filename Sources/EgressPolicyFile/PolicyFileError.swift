// SPDX-License-Identifier: Apache-2.0

import EgressText

/// Why a policy file was not taken, and where in it.
///
/// A policy is taken whole or not at all: the first thing that is wrong refuses it.
public struct PolicyFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file, as it was named.
    public var file: String
    /// The line, counted from 1; nil when the file as a whole is meant.
    public var line: Int?
    /// The column in characters, counted from 1; nil when the file as a whole is meant.
    public var column: Int?
    /// What is wrong, quoting the input.
    public var message: String
    /// What to write instead, if that is known.
    public var hint: String?

    /// One printable line: `policy.yaml:7:5: unknown key 'alow' (did you mean 'allow'?)`.
    public var description: String {
        var text = file.printable
        if let line, let column { text += ":\(line):\(column)" }
        text += ": " + message
        if let hint { text += " (" + hint + ")" }
        return text
    }
}

/// A place in the text of a file, counted from 1.
package struct Mark: Hashable, Sendable {
    package var line: Int
    package var column: Int
}

/// What is wrong, before the name of the file is known.
package struct Problem: Error {
    package var mark: Mark?
    package var message: String
    package var hint: String?

    package init(_ message: String, at mark: Mark? = nil, hint: String? = nil) {
        self.mark = mark
        self.message = message
        self.hint = hint
    }

    package func inFile(_ name: String) -> PolicyFileError {
        PolicyFileError(file: name, line: mark?.line, column: mark?.column, message: message, hint: hint)
    }
}
