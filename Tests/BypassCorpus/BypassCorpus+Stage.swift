// SPDX-License-Identifier: Apache-2.0

import TestSupport
public import Testing

/// A file system that a stage makes, with what a kernel may lack for it.
public struct StagedSystem: Sendable, CustomTestStringConvertible {
    /// As people call it.
    public var name: String
    /// The parts of the stage.
    public var parts: [String]
    /// What is not everywhere.
    public var needs: String?

    /// A file system of one's own making.
    public init(name: String, parts: [String], needs: String? = nil) {
        self.name = name
        self.parts = parts
        self.needs = needs
    }

    /// The name.
    public var testDescription: String { name }

    /// All that unix sockets are tried on.
    public static let all = [
        StagedSystem(name: "ext4", parts: ["ext4"], needs: "loop devices"),
        StagedSystem(name: "tmpfs", parts: ["tmpfs"]),
        StagedSystem(name: "overlayfs", parts: ["overlay"], needs: "overlayfs"),
        // What is below is ext4, which uses a number again at once; and the server shows the numbers that it finds there.
        StagedSystem(name: "FUSE", parts: ["ext4", "bindfs"], needs: "FUSE or loop devices"),
        StagedSystem(name: "btrfs", parts: ["btrfs"], needs: "btrfs or loop devices"),
    ]
}

/// The place of a stage, for options; in a line it is `$PLACE`.
public let stagedPlace = "$WORLD/place"

/// A line that runs one of the attack programs.
func program(_ name: String, _ words: String) -> String { "/usr/bin/python3 $WORLD/programs/\(name).py \(words)" }
