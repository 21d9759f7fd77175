// SPDX-License-Identifier: Apache-2.0

/// Runs a command to its end, outside of any world: only one that uses no network.
public func outcome(of command: [String], input: [UInt8] = []) throws -> Outcome {
    try Subprocess.run(command, environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"], input: input)
}
