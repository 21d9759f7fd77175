// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// Calls that need an answer of a file server, and how it stalls: altogether, or when it is asked for attributes.
private let stalls = ["stall", "expire"].flatMap { server in
    ["descriptor", "socket", "directory", "bind", "datagram"].map { "\(server) \($0)" }
}

extension EndToEnd {
    /// One program that waits for something must not hold up another.
    @MainActor @Suite(.serialized) struct Stalls {
        @Test(arguments: stalls, Account.available)
        func `a file server that does not answer holds up its own caller only`(
            _ row: String,
            as account: Account
        ) throws {
            let words = row.split(separator: " ")
            let outcome = try TestWorld.shared().run(
                "/usr/bin/python3 $WORLD/programs/stall.py \(words[1]) \(EndToEnd.allowedAddress) 80",
                as: account,
                egress: ["-q", "--allow", EndToEnd.allowedAddress, "--allow-unix-datagram", "inside"],
                stage: ["server:\(words[0])"]
            )
            if outcome.standardError.contains("/dev/fuse"), !Requirement.mustWork { return }
            let times = outcome.standardOutput.split(separator: " ").compactMap { Double($0.filter { $0 > " " }) }
            try #require(times.count == 2, "\(outcome)")
            #expect(times[0] < 1, "another connection took \(times[0]) s")
            // The control: the server did stall.
            #expect(times[1] > 3, "\(outcome)")
        }

        @Test(arguments: Account.available)
        func `a socket that lingers when it is closed meanwhile holds up nobody`(as account: Account) throws {
            let outcome = try TestWorld.shared().run(
                "/usr/bin/python3 $WORLD/programs/stall.py linger \(EndToEnd.allowedAddress) 80",
                as: account,
                egress: ["-q", "--allow", EndToEnd.allowedAddress],
                stage: ["tmpfs"]
            )
            let longest = try #require(Double(outcome.standardOutput.split(separator: " ").first ?? ""), "\(outcome)")
            #expect(longest < 1, "another connection took \(longest) s")
        }
    }
}
