// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

/// The built command, with programs that speak to it as workers, operators, browsers and attackers do. They are Python, and
/// use Debian's packages: the system's interpreter has them.
@Suite(.serialized)
struct ServedTests {
    @Test(arguments: ["api.py", "commands.py", "attack.py", "attested.py", "browser.py"])
    func `the registry is as it is described`(program: String) throws {
        let path = "\(Fixtures.checkout)/Tests/Programs/fleet/\(program)"
        let outcome = try Self.run("/usr/bin/python3", [path, Self.egress])
        #expect(outcome == 0, "what it said stands above")
    }

    private static var egress: String { "\(Fixtures.checkout)/.build/debug/egress" }

    /// Runs a program with our own output as its own.
    private static func run(_ path: String, _ arguments: [String]) throws -> Int32 {
        var argv = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
        defer { unsafe argv.forEach { unsafe free($0) } }
        var pid: pid_t = 0
        guard unsafe posix_spawn(&pid, path, nil, nil, &argv, environ) == 0 else {
            throw SupportError("cannot run \(path)")
        }
        var status: Int32 = 0
        while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + status & 0x7f
    }
}
