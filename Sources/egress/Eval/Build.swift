// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation

/// The build that is evaluated: a repository and its programs.
struct Build {
    let root: String
    let binaries: String

    var inventoryPath: String { root + "/Fixtures/golden/release_eval_inventory.json" }
    var snapshotFolder: String { root + "/Fixtures/golden/contracts" }

    /// How long one command of a contract may take, in seconds.
    private static let timeout = 60.0

    func snapshotPath(_ id: String) -> String { snapshotFolder + "/" + id + ".txt" }

    /// What a command prints, both streams together, and its exit status; 128 and the signal's number after a signal.
    ///
    /// - Parameter command: its first word names a program of the build, or one of the system's by its path
    func run(_ command: [String]) throws -> (output: String, status: Int32) {
        let process = Process(), pipe = Pipe()
        let program = command.first ?? ""
        process.executableURL = URL(fileURLWithPath: program.hasPrefix("/") ? program : binaries + "/" + program)
        process.arguments = Array(command.dropFirst())
        // Nothing of the caller's may show in a transcript.
        process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C", "COLUMNS": "100", "HOME": "/nonexistent"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let end = DispatchWorkItem { process.terminate() }
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.timeout, execute: end)
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        end.cancel()
        let isSignal = process.terminationReason == .uncaughtSignal
        return (String(decoding: output, as: UTF8.self), process.terminationStatus + (isSignal ? 128 : 0))
    }
}
