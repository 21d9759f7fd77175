// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import egress

/// A repository with one contract, whose program is a script.
private struct Release {
    let build: Build
    var inventory = Inventory(version: 1, cases: [])

    init(says text: String = "hello") throws {
        let root = FileManager.default.temporaryDirectory.path + "/eval-\(UUID().uuidString)"
        build = Build(root: root, binaries: root + "/bin")
        try FileManager.default.createDirectory(atPath: build.snapshotFolder, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: build.binaries, withIntermediateDirectories: true)
        try makeProgram("egress-run", "echo 1.2.3")
        try makeProgram("greet", "echo '\(text)'; exit 3")
        inventory.cases = [
            Inventory.Case(id: "greeting", suite: "contracts", title: "A greeting", commands: [["greet"]])
        ]
        try inventory.accept("greeting", because: "first version", build)
    }

    /// By a process of its own: a child of another test that had the file open for writing would keep it from being
    /// executed (ETXTBSY of execve(2)).
    func makeProgram(_ name: String, _ script: String) throws {
        let line = #"printf '#!/bin/sh\n%s\n' "$2" > "$1" && chmod 755 "$1""#
        let made = try build.run(["/bin/sh", "-c", line, "sh", build.binaries + "/" + name, script])
        try #require(made.status == 0, "\(made.output)")
    }

    func result(_ id: String, _ tests: TestResults? = nil) -> Evaluation.Result? {
        Evaluation(inventory, build, tests).results.first { $0.id == id }
    }

    func remove() { try? FileManager.default.removeItem(atPath: build.root) }
}

@Suite struct EvalTests {
    @Test func `a contract that is as agreed passes, and its change has a version and a reason`() throws {
        let release = try Release()
        defer { release.remove() }
        #expect(release.result("greeting")?.outcome == .passed)
        let changes = release.inventory.cases[0].changes
        #expect(changes?.map(\.version) == ["1.2.3"])
        #expect(changes?.map(\.reason) == ["first version"])
        let snapshot = try String(contentsOfFile: release.build.snapshotPath("greeting"), encoding: .utf8)
        #expect(snapshot == "$ greet\nhello\n[status 3]\n")
    }

    @Test func `a contract that has changed fails, and is accepted for a reason`() throws {
        var release = try Release()
        defer { release.remove() }
        try release.makeProgram("greet", "echo bye; exit 3")
        #expect(release.result("greeting")?.outcome == .failed)
        #expect(release.result("greeting")?.detail == "line 2 has become 'bye'; it was 'hello'")
        try release.inventory.accept("greeting", because: "politeness", release.build)
        #expect(release.result("greeting")?.outcome == .passed)
        #expect(release.inventory.cases[0].changes?.count == 2)
    }

    @Test(arguments: ["exit 4", "echo hello; exit 2", "echo hello; echo hello; exit 3"])
    func `another output or another status is a change`(script: String) throws {
        let release = try Release()
        defer { release.remove() }
        try release.makeProgram("greet", script)
        #expect(release.result("greeting")?.outcome == .failed)
    }

    @Test func `a snapshot that was changed without a reason fails, even if it is right`() throws {
        var release = try Release()
        defer { release.remove() }
        try release.makeProgram("greet", "echo bye; exit 3")
        try "$ greet\nbye\n[status 3]\n"
            .write(toFile: release.build.snapshotPath("greeting"), atomically: true, encoding: .utf8)
        #expect(release.result("greeting")?.outcome == .failed)
        release.inventory.cases[0].changes = nil
        #expect(release.result("greeting")?.outcome == .failed)
    }

    @Test func `a case without its snapshot is missing`() throws {
        let release = try Release()
        defer { release.remove() }
        try FileManager.default.removeItem(atPath: release.build.snapshotPath("greeting"))
        #expect(release.result("greeting")?.outcome == .missing)
    }

    @Test func `a program that is not there fails`() throws {
        let release = try Release()
        defer { release.remove() }
        try FileManager.default.removeItem(atPath: release.build.binaries + "/greet")
        #expect(release.result("greeting")?.outcome == .failed)
    }

    @Test func `two cases of one id fail`() throws {
        var release = try Release()
        defer { release.remove() }
        release.inventory.cases.append(release.inventory.cases[0])
        #expect(!Evaluation(release.inventory, release.build, nil).results.filter { $0.outcome == .failed }.isEmpty)
    }

    @Test func `what exists and is in no case is undeclared`() throws {
        let release = try Release()
        defer { release.remove() }
        try "".write(toFile: release.build.snapshotPath("stray"), atomically: true, encoding: .utf8)
        let tests = TestResults(parsing: #"<testcase classname="Strays.Suite" name="one"/>"#)
        #expect(release.result("stray.txt")?.outcome == .undeclared)
        #expect(release.result("reason-codes")?.outcome == .undeclared)
        #expect(release.result("Strays", tests)?.outcome == .undeclared)
        #expect(!Evaluation(release.inventory, release.build, nil).isPassed)
    }

    @Test(arguments: [
        (#"<testcase classname="M.S" name="a"/><testcase classname="M.S" name="b"/>"#, Evaluation.Outcome.passed),
        (#"<testcase classname="M.S" name="a"/>"#, .failed),
        (#"<testcase classname="M.S" name="a"/><testcase classname="M.S" name="b"><failure/></testcase>"#, .failed),
        (#"<testcase classname="M.S" name="a"/><testcase classname="M.S" name="b"><skipped/></testcase>"#, .failed),
        (#"<testcase classname="Other.S" name="a"/>"#, .missing),
    ])
    func `a module of tests passes if all of it passed, and enough of it ran`(
        _ xml: String,
        _ outcome: Evaluation.Outcome
    )
        throws
    {
        var release = try Release()
        defer { release.remove() }
        release.inventory.cases = [Inventory.Case(id: "m", suite: "tests", title: "M", tests: "M", minimum: 2)]
        #expect(release.result("m", TestResults(parsing: xml))?.outcome == outcome)
        #expect(release.result("m")?.outcome == .missing, "without results")
    }

    @Test func `the page shows hostile text as text`() throws {
        let release = try Release(says: "<script>alert(1)</script>")
        defer { release.remove() }
        try release.makeProgram("greet", "echo '<img src=x>'; exit 3")
        let page = Evaluation(release.inventory, release.build, nil).html
        #expect(page.contains("&lt;img src=x&gt;"))
        #expect(!page.contains("<img"))
        #expect(!page.contains("<script"))
    }
}
