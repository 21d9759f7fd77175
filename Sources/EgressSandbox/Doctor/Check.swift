// SPDX-License-Identifier: Apache-2.0

/// One fact about this machine, and what to do where it stands in the way.
public struct Check: Sendable, Equatable {
    /// What the fact means for the default mode.
    public enum Status: String, Sendable, CaseIterable {
        /// As it should be.
        case ok
        /// It stands in the way.
        case no
        /// Worth knowing; it does not stand in the way.
        case note
    }

    /// A word that names the check, also in `egress doctor --json`: it does not change.
    public let name: String
    /// What it means.
    public let status: Status
    /// What was found here.
    public let found: String
    /// What to do; nil where nothing needs to be done, or nobody knows.
    public let advice: String?

    init(_ name: String, _ status: Status, _ found: String, advice: String? = nil) {
        self.name = name
        self.status = status
        self.found = found
        self.advice = advice
    }
}
