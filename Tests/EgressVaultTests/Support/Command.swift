// SPDX-License-Identifier: Apache-2.0

import EgressRequests
import Glibc
import TestSupport

/// Runs `egress vault`, as it was built together with these tests.
enum Command {
    /// The path of `egress`: it is built into the folder of the test's own program.
    static let egress: String = {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        let own = String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let folder = own.split(separator: "/").dropLast().joined(separator: "/")
        // `swift test` runs the tests of Swift Testing in a helper of the toolchain, which is given their path.
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
        let built = bundle.map { $0.split(separator: "/").dropLast().joined(separator: "/") }
        return "/" + (built ?? folder) + "/egress"
    }()

    static let programs = "\(Fixtures.checkout)/Tests/Programs/vault"

    /// `egress vault`, with the default paths in a folder.
    static func vault(
        _ arguments: [String],
        in folder: Folder,
        input: String = "",
        under wrapper: [String] = []
    ) throws -> Outcome {
        try Subprocess.run(
            wrapper + [egress, "vault"] + arguments,
            environment: ["PATH=/usr/bin:/bin:/usr/sbin:/sbin", "XDG_CONFIG_HOME=\(folder.path)"],
            input: Array(input.utf8)
        )
    }

    static func run(_ arguments: [String], input: String = "") throws -> Outcome {
        try Subprocess.run(arguments, environment: ["PATH=/usr/bin:/bin:/usr/sbin:/sbin"], input: Array(input.utf8))
    }
}
