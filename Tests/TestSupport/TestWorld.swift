// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A small internet without a way out, with real servers on public-looking addresses (`Tests/Programs/world`).
///
/// One is made for a test run, when the first test asks for it, and goes when the test process does, however that
/// ends: the world lives as long as the pipe to it is open.
public final class TestWorld: Sendable {
    /// Where the world keeps its files; readable by every account.
    public let directory: String
    /// The first process of the world's namespaces.
    let pid: Int
    /// Held open for as long as the world is wanted.
    private let lifeline: Int32

    private static let made = Result { try TestWorld() }

    /// The world of this test run.
    public static func shared() throws -> TestWorld { try made.get() }

    /// A further world, for tests that run beside those of the shared one: a canary tells what arrived and not who sent it.
    public static func another() throws -> TestWorld { try TestWorld() }

    /// The release binary under test; `EGRESS_RUN_BINARY` names another one.
    public static var binary: String {
        unsafe getenv("EGRESS_RUN_BINARY").map { unsafe String(cString: $0) }
            ?? "\(Fixtures.checkout)/.build/release/egress-run"
    }

    private init() throws {
        let programs = "\(Fixtures.checkout)/Tests/Programs", built = "\(Fixtures.checkout)/.build/test-programs"
        guard unsafe access(Self.binary, X_OK) == 0 else {
            throw SupportError("\(Self.binary) is not there; build it with: swift build -c release")
        }
        let caller = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=\(unsafe String(cString: getenv("HOME")))"]
        let build = try Subprocess.run(["\(programs)/build", built], environment: caller, input: [])
        guard build.succeeded else { throw SupportError("cannot build the test programs: \(build)") }

        let input = try Self.makePipe(), output = try Self.makePipe()
        let command = ["/usr/bin/python3", "\(programs)/world/world.py", programs, built, Self.binary]
        _ = try Subprocess.start(command, environment: caller, input: input[0], output: output[1], error: 2)
        close(input[0])
        close(output[1])
        lifeline = input[1]

        var line = [UInt8](repeating: 0, count: 200)
        let count = unsafe line.withUnsafeMutableBytes { unsafe read(output[0], $0.baseAddress, $0.count) }
        let words = String(decoding: line.prefix(max(count, 0)), as: UTF8.self).split(whereSeparator: \.isWhitespace)
        guard words.count == 3, words[0] == "ready", let pid = Int(words[1]) else {
            throw SupportError("the test world did not start; its complaint stands above")
        }
        self.pid = pid
        directory = String(words[2])
    }

    /// A pipe that no other child inherits: the world must end with this process, not with a stray one.
    private static func makePipe() throws -> [Int32] {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else { throw SupportError("cannot make a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return ends
    }
}
