// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// A file system that a stage makes, with what a kernel may lack for it.
struct StagedSystem: Sendable {
    /// As people call it.
    var name: String
    /// The parts of the stage.
    var parts: [String]
    /// What is not everywhere.
    var needs: String?

    /// All that unix sockets are tried on.
    static let all = [
        StagedSystem(name: "ext4", parts: ["ext4"], needs: "loop devices"),
        StagedSystem(name: "tmpfs", parts: ["tmpfs"]),
        StagedSystem(name: "overlayfs", parts: ["overlay"], needs: "overlayfs"),
        // What is below is ext4, which uses a number again at once; and the server shows the numbers that it finds there.
        StagedSystem(name: "FUSE", parts: ["ext4", "bindfs"], needs: "FUSE or loop devices"),
        StagedSystem(name: "btrfs", parts: ["btrfs"], needs: "btrfs or loop devices"),
    ]
}

/// The place of a stage, for options; in a line it is `$PLACE`.
let stagedPlace = "$WORLD/place"

/// A line that runs one of the attack programs.
func program(_ name: String, _ words: String) -> String { "/usr/bin/python3 $WORLD/programs/\(name).py \(words)" }
