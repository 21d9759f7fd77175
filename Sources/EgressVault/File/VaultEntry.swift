// SPDX-License-Identifier: Apache-2.0

import EgressRequests

/// A secret of a vault as it may be shown: all but its value.
public struct VaultEntry: Hashable, Sendable {
    /// Its name: what stands after `vault:` in a ``EgressRequests/SecretReference``.
    public let name: String
    /// When it was added, in seconds since 1970.
    public let created: UInt64
    /// When it was last set, in seconds since 1970.
    public internal(set) var modified: UInt64

    /// Whether a text can be the name of a secret: whether `vault:` and the text is a reference.
    public static func isName(_ text: String) -> Bool {
        (try? SecretReference(name: text)) != nil
    }
}
