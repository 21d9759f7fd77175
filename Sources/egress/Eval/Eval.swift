// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials

/// The release gate: shows that every contract is what was agreed to, and every suite ran.
struct Eval: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Hold this build to the inventory of what a release must show.",
        discussion: """
            Runs every case of Fixtures/golden/release_eval_inventory.json and writes report.json and report.html. A contract, such \
            as the help texts, the reason codes or the exit statuses, must be what its snapshot says; a snapshot may be changed \
            only with --accept and a reason, which the inventory keeps.
            The exit status is 0 if every case passed, and 1 if one failed, is missing or is not declared.
            """
    )

    @Option(help: ArgumentHelp("Write the reports into this folder.", valueName: "dir"))
    var report: String?

    @Option(help: ArgumentHelp("The results of the test suites (swift test --xunit-output).", valueName: "xml"))
    var tests: String?

    @Option(help: ArgumentHelp("The repository.", valueName: "dir"))
    var root = "."

    @Option(help: ArgumentHelp("The folder of the built programs.", valueName: "dir"))
    var binaries: String?

    @Option(help: ArgumentHelp("Take what a contract is now as its snapshot.", valueName: "case"))
    var accept: [String] = []

    @Option(help: "Why the contract was changed, with --accept.")
    var reason: String?

    func validate() throws {
        guard !accept.isEmpty || report != nil else { throw ValidationError("Give --report DIR, or --accept CASE.") }
        guard accept.isEmpty || reason?.isEmpty == false else {
            throw ValidationError("A contract is changed for a reason: give --reason TEXT.")
        }
    }

    func run() throws {
        let build = Build(root: root, binaries: binaries ?? folderOfThisProgram())
        var inventory = try Inventory.load(build.inventoryPath)
        if let reason, !accept.isEmpty {
            for id in accept { try inventory.accept(id, because: reason, build) }
            try inventory.save(build.inventoryPath)
            return
        }
        let results = try tests.map { try TestResults(readingFile: $0) }
        let evaluation = Evaluation(inventory, build, results)
        if let report { try evaluation.write(into: report) }
        print(evaluation.summary)
        if !evaluation.isPassed { throw ExitCode(1) }
    }

    private func folderOfThisProgram() -> String {
        let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "egress"
        return program.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
    }
}
