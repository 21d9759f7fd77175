// SPDX-License-Identifier: Apache-2.0

/// How firmly a command is held, the weaker before the stronger.
public enum IsolationLevel: String, CaseIterable, Comparable, Codable, Sendable {
    /// Only a library in its processes: it holds those that cooperate.
    case preload
    /// The kernel: network namespaces of its own, a seccomp filter, no capabilities over them.
    case netns

    /// Whether one level holds less firmly than another.
    public static func < (first: IsolationLevel, second: IsolationLevel) -> Bool {
        (allCases.firstIndex(of: first) ?? 0) < (allCases.firstIndex(of: second) ?? 0)
    }
}
