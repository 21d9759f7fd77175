// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// A file of one's own that looks like the socket of somebody outside.
private func lookalike(
    _ title: String,
    _ words: String,
    on system: StagedSystem,
    _ parts: [String],
    _ options: String = ""
) -> Attempt {
    Attempt(
        title: "30 \(title), \(system.name)",
        line: program("sockets", words),
        policy: TestWorld.policy + options.split(separator: " ").map(String.init),
        stage: system.parts + parts,
        needs: system.needs
    )
}

/// File systems on which two files can have one number at the same time, or one after the other.
private let twins = StagedSystem(name: "FUSE of one number", parts: ["server:twins"], needs: "FUSE")
private let reuse = StagedSystem(name: "FUSE that counts anew", parts: ["server:reuse"], needs: "FUSE")
private let subvolumes = StagedSystem(
    name: "btrfs subvolumes",
    parts: ["btrfs", "subvolumes"],
    needs: "btrfs or loop devices"
)

extension BypassCorpus {
    /// Unix sockets of the machine on file systems of every kind, whatever their files are numbered.
    static let lookalikes: [Attempt] =
        StagedSystem.all.flatMap { system in
            [
                lookalike("a socket outside", "path victim", on: system, ["listener"]),
                lookalike("a socket in another network", "path victim", on: system, ["foreign-listener"]),
                lookalike("a number that comes again", "again victim", on: system, ["late-listener"]),
                lookalike("a service that starts later", "beside victim", on: system, ["late-listener"]),
                lookalike("as many sockets as need be", "twin own victim", on: system, ["foreign-listener"]),
            ]
        } + [
            lookalike("a number that comes again", "again victim", on: reuse, ["late-listener"]),
            lookalike("a number that comes again", "again victim", on: twins, ["late-listener"]),
            lookalike("a service that starts later", "beside victim", on: twins, ["late-listener"]),
            lookalike("a socket in another network of one number", "twin own victim", on: twins, ["foreign-listener"]),
            lookalike("a socket outside of one number", "twin own victim", on: twins, ["listener"]),
            lookalike(
                "the number of an allowed socket",
                "path victim",
                on: twins,
                ["listener:allowed", "listener"],
                "--allow-unix \(stagedPlace)/allowed"
            ),
            lookalike(
                "the name of an allowed socket by rename(2)",
                "renamed mine/victim mine/allowed",
                on: StagedSystem.all[1],
                ["mine:mine", "listener:mine/victim"],
                "--allow-unix \(stagedPlace)/mine/allowed"
            ),
            {
                var attempt = lookalike(
                    "the name of an allowed socket by link(2)",
                    "linked mine/victim mine/allowed",
                    on: StagedSystem.all[1],
                    ["mine:mine", "listener:mine/victim"],
                    "--allow-unix \(stagedPlace)/mine/allowed"
                )
                // An ordinary user may link only what is its own (fs.protected_hardlinks).
                attempt.accounts = [.root]
                return attempt
            }(),
            lookalike("one number", "twin own/file other/victim", on: subvolumes, ["listener:other/victim"]),
            lookalike(
                "one number, in another network",
                "twin own/file other/victim",
                on: subvolumes,
                ["foreign-listener:other/victim"]
            ),
        ]
        + StagedSystem.all[0...1].map { system in
            var attempt = lookalike(
                "a socket that is exchanged meanwhile",
                "exchanged mine/victim mine/own",
                on: system,
                ["mine:mine", "listener:mine/victim"]
            )
            attempt.ending = .answered
            return attempt
        }
        + (StagedSystem.all + [reuse, twins]).map {
            lookalike(
                "the number of a datagram socket that comes again",
                "again-by-datagram victim",
                on: $0,
                ["late-datagrams"],
                "--allow-unix-datagram inside"
            )
        }
}
