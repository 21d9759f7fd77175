// SPDX-License-Identifier: Apache-2.0

import EgressSandbox
import Testing

struct CommandPlanTests {
    /// execvp(3), and POSIX on PATH (XBD 8.3): an empty prefix is the current directory.
    @Test(
        arguments: [
            ("ls", "/usr/bin:/bin", ["/usr/bin/ls", "/bin/ls"]),
            ("ls", nil, ["/bin/ls", "/usr/bin/ls"]),
            ("ls", "", ["./ls"]),
            ("ls", ":/bin", ["./ls", "/bin/ls"]),
            ("ls", "/bin:", ["/bin/ls", "./ls"]),
            ("ls", "/a::/b", ["/a/ls", "./ls", "/b/ls"]),
            ("ls", "/a/", ["/a//ls"]),
            ("ls", "bin", ["bin/ls"]),
            // A name with a slash is a path, and PATH is not looked at.
            ("/bin/ls", "/usr/bin", ["/bin/ls"]),
            ("./ls", "/usr/bin", ["./ls"]),
            ("a/b", nil, ["a/b"]),
            ("/", "/bin", ["/"]),
            // "If the specified filename is an empty string": ENOENT
            ("", "/bin", []),
            ("..", "/bin", ["/bin/.."]),
            ("two words", "/with space", ["/with space/two words"]),
        ] as [(String, String?, [String])]
    )
    func `a command is looked for where execvp would look`(_ name: String, _ path: String?, _ expected: [String]) {
        #expect(CommandPlan.candidates(for: name, path: path) == expected)
    }
}
