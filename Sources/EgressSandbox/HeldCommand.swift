// SPDX-License-Identifier: Apache-2.0

public import LinuxSystem

/// A command that is all that it will be but executed, and waits.
public struct HeldCommand: ~Copyable {
    /// Its pid in our own pid namespace.
    public let pid: Int32
    /// A pidfd of it: as long as it is not readable, the pid means no other process.
    public let process: FileDescriptor
    /// rtnetlink(7) sockets of R and of W.
    public let relayLinks, workerLinks: FileDescriptor
    /// What the Landlock domain that it is in denies it, in words.
    public let landlock: [String]
    /// The program of the filter that was given to it.
    public let filter: [BPFProgram.Instruction]
}
