// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport

/// The test world with servers of every bad kind in it (`Tests/Programs/fetch/hostile.py`).
struct FetchWorld {
    let world: TestWorld

    /// The `egress` that was built together with these tests.
    static let path: String = {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? ""
        return "/" + bundle.split(separator: "/").dropLast().joined(separator: "/") + "/egress"
    }()

    /// Root where that can be had.
    static let account = Account.available[0]

    private static let started = Result {
        let world = try TestWorld.another()
        let script = "\(world.directory)/programs/fetch/hostile.py"
        let line = """
            setsid python3 \(script) \(world.directory) >\(world.directory)/hostile.log 2>&1 </dev/null &
            for i in $(seq 200); do [ -e \(world.directory)/fetch/ready ] && exit 0; sleep 0.05; done
            cat \(world.directory)/hostile.log >&2; exit 1
            """
        let outcome = try world.run(line, as: FetchWorld.account)
        guard outcome.succeeded else { throw SupportError("the hostile servers did not start: \(outcome)") }
        return FetchWorld(world: world)
    }

    static func shared() throws -> FetchWorld { try started.get() }

    var folder: String { "\(world.directory)/fetch" }

    /// Allows the one name, with short bounds and the world's own authority.
    static let usual = ["--allow", "v4.example", "--timeout", "15", "--header-timeout", "5", "--connect-timeout", "5"]

    /// Runs `egress fetch` inside the world.
    func fetch(_ arguments: [String], resolver: WorldResolver = .honest, input: String = "") throws -> Outcome {
        try world.run(
            [Self.path, "fetch", "--ca", "\(folder)/ca.pem"] + arguments,
            as: FetchWorld.account,
            resolver: resolver,
            input: Array(input.utf8),
            limit: 30
        )
    }

    /// `http://v4.example:7100` and a path, under the usual options.
    func get(_ path: String, _ arguments: [String] = []) throws -> Outcome {
        try fetch(Self.usual + arguments + ["http://v4.example:7100\(path)"])
    }

    /// What the hostile servers were asked since `body` began, as JSON lines.
    func requests(during body: () throws -> Void) throws -> [String] {
        let before = (text(of: "\(folder)/requests") ?? "").utf8.count
        try body()
        let all = text(of: "\(folder)/requests") ?? ""
        return all.utf8.dropFirst(before).split(separator: 10).map { String(decoding: $0, as: UTF8.self) }
    }
}
