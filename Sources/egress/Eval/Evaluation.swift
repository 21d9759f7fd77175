// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What became of every case.
struct Evaluation: Encodable {
    enum Outcome: String, Encodable {
        case passed, failed, missing, undeclared
    }

    struct Result: Encodable {
        let id, suite, title: String
        let outcome: Outcome
        /// What is wrong, or what was seen.
        let detail: String
    }

    private(set) var results: [Result] = []

    var isPassed: Bool { !results.isEmpty && results.allSatisfy { $0.outcome == .passed } }

    /// Runs all cases of an inventory.
    ///
    /// - Parameter tests: the tests that ran; nil if none did, which no case that needs them survives
    init(_ inventory: Inventory, _ build: Build, _ tests: TestResults?) {
        var seen: Set<String> = []
        for declared in inventory.cases {
            let (outcome, detail) =
                seen.insert(declared.id).inserted
                ? Self.judge(declared, build, tests) : (.failed, "two cases have this id")
            add(declared.id, declared.suite, declared.title, outcome, detail)
        }
        addUndeclared(inventory, build, tests)
    }

    private mutating func add(_ id: String, _ suite: String, _ title: String, _ outcome: Outcome, _ detail: String) {
        results.append(Result(id: id, suite: suite, title: title, outcome: outcome, detail: detail))
    }

    private static func judge(_ declared: Inventory.Case, _ build: Build, _ tests: TestResults?) -> (Outcome, String) {
        if let module = declared.tests { return judge(module, minimum: declared.minimum ?? 1, tests) }
        do {
            guard let now = try Contract.text(of: declared, build) else {
                return (.failed, "the case names neither a contract, nor commands, nor tests")
            }
            guard let snapshot = try? String(contentsOfFile: build.snapshotPath(declared.id), encoding: .utf8) else {
                return (.missing, "there is no snapshot \(declared.id).txt")
            }
            guard let last = declared.changes?.last, last.sha256 == Inventory.digest(snapshot), !last.reason.isEmpty
            else { return (.failed, "the snapshot was changed and the inventory does not say why (--accept)") }
            if let difference = firstDifference(snapshot, now) { return (.failed, difference) }
            return (.passed, "\(now.split(separator: "\n").count) lines as agreed: \(last.reason)")
        } catch {
            return (.failed, "\(error)")
        }
    }

    private static func judge(_ module: String, minimum: Int, _ tests: TestResults?) -> (Outcome, String) {
        guard let tests else { return (.missing, "no results of tests were given (--tests)") }
        guard let result = tests.modules[module] else { return (.missing, "none of its tests ran") }
        if let first = result.failed.first { return (.failed, "\(result.failed.count) failed, \(first) first") }
        if result.passed < minimum { return (.failed, "only \(result.passed) of at least \(minimum) tests ran") }
        return (.passed, "\(result.passed) tests passed")
    }

    private static func firstDifference(_ snapshot: String, _ now: String) -> String? {
        let old = snapshot.split(separator: "\n", omittingEmptySubsequences: false)
        let new = now.split(separator: "\n", omittingEmptySubsequences: false)
        guard
            let line = (0..<max(old.count, new.count)).first(where: {
                !($0 < old.count && $0 < new.count && old[$0] == new[$0])
            })
        else { return nil }
        let (was, has) = (
            line < old.count ? "'\(old[line])'" : "nothing", line < new.count ? "'\(new[line])'" : "nothing"
        )
        return "line \(line + 1) has become \(has); it was \(was)"
    }

    /// What exists and is in no case.
    private mutating func addUndeclared(_ inventory: Inventory, _ build: Build, _ tests: TestResults?) {
        let contracts = Set(inventory.cases.compactMap(\.contract)), ids = Set(inventory.cases.map(\.id))
        for contract in Contract.allCases where !contracts.contains(contract.rawValue) {
            add(contract.rawValue, "contracts", "A contract of the toolbox", .undeclared, "no case holds it")
        }
        let files = (try? FileManager.default.contentsOfDirectory(atPath: build.snapshotFolder)) ?? []
        for file in files.sorted() where !(file.hasSuffix(".txt") && ids.contains(String(file.dropLast(4)))) {
            add(file, "contracts", "A snapshot", .undeclared, "no case has it")
        }
        let modules = Set(inventory.cases.compactMap(\.tests))
        for module in (tests?.modules.keys.sorted() ?? []) where !modules.contains(module) {
            add(module, "tests", "A module of tests", .undeclared, "no case names it")
        }
    }

    /// A line for each case that did not pass, and the numbers.
    var summary: String {
        let bad = results.filter { $0.outcome != .passed }
        let lines = bad.map { "\($0.outcome.rawValue): \($0.id): \($0.detail)" }
        return (lines + ["\(results.count - bad.count) passed, \(bad.count) failed"]).joined(separator: "\n")
    }
}
