// SPDX-License-Identifier: Apache-2.0

extension CommandPlan {
    /// The paths that execvp(3) tries for `name`: itself when it has a slash, else each directory of PATH, an empty one
    /// meaning the current directory; without PATH, /bin and /usr/bin.
    public static func candidates(for name: String, path: String?) -> [String] {
        if name.contains("/") { return [name] }
        if name.isEmpty { return [] }
        return (path ?? "/bin:/usr/bin").split(separator: ":", omittingEmptySubsequences: false).map { directory in
            directory.isEmpty ? "./\(name)" : "\(directory)/\(name)"
        }
    }
}
