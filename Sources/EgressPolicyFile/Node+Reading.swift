// SPDX-License-Identifier: Apache-2.0

import EgressText

// Each of these reads one kind of value and refuses every other; `name` is what the message calls the value.
extension Node {
    /// The members of a mapping whose keys are all known.
    package func members(_ name: String, keys: [String], hint: String? = nil) throws(Problem) -> [Entry] {
        guard case .mapping(let entries) = content else { throw wrongKind(name, "a mapping", hint) }
        for entry in entries where !keys.contains(entry.key) {
            throw unknownKey(entry, keys)
        }
        return entries
    }

    /// The items of a list.
    package func items(_ name: String, hint: String? = nil) throws(Problem) -> [Node] {
        guard case .sequence(let items) = content else { throw wrongKind(name, "a list", hint) }
        return items
    }

    /// Text: quoted, or plain and neither a number nor a word that YAML takes for a value of its own.
    package func text(_ name: String, hint: String? = nil) throws(Problem) -> String {
        guard case .scalar(let scalar) = content, scalar.kind == .text else { throw wrongKind(name, "text", hint) }
        return scalar.text
    }

    /// `true` or `false`.
    package func boolean(_ name: String) throws(Problem) -> Bool {
        // YAML 1.1 read 'yes' and 'on' as booleans and YAML 1.2 does not; guessing either way could widen a policy.
        guard case .scalar(let scalar) = content, scalar.isPlain, scalar.text == "true" || scalar.text == "false" else {
            throw wrongKind(name, "true or false", "without quotes, and not yes or no")
        }
        return scalar.text == "true"
    }

    package func wrongKind(_ name: String, _ expected: String, _ hint: String?) -> Problem {
        if case .scalar(let scalar) = content, scalar.kind == .nothing {
            return Problem("\(name) is empty; it must be \(expected)", at: mark, hint: hint)
        }
        return Problem("\(name) must be \(expected), not \(kind)", at: mark, hint: hint)
    }

    private func unknownKey(_ entry: Entry, _ keys: [String]) -> Problem {
        let meant = entry.key.nearest(in: keys).map { "did you mean '\($0)'?" }
        let known = "known here: " + keys.joined(separator: ", ")
        return Problem("unknown key \(entry.key.quoted())", at: entry.mark, hint: meant ?? known)
    }
}
