// SPDX-License-Identifier: Apache-2.0

public import LinuxSystem

/// The machine's mounts, and what becomes of them and of the working directory.
public struct MachineMounts: Sendable {
    let table: MountTable
    let kernel: KernelMounts
    let directory: WorkingDirectory
    /// What is where a hidden file is.
    let look: @Sendable (BytePath) throws(SystemError) -> KernelMounts.Look
    /// Tells whether the table is still true; nil for one that was made up.
    let witness: MountWitness?

    /// As the calling process sees them.
    public init() throws(SystemError) {
        let witness = try MountWitness()
        (table, self.witness) = (witness.table, witness)
        look = { path throws(SystemError) in try KernelMounts.look(path) }
        kernel = try KernelMounts(table)
        directory = try WorkingDirectory.ofCaller(table, kernel)
    }

    /// One that was made up.
    init(_ table: MountTable, _ kernel: KernelMounts, _ directory: WorkingDirectory) {
        (self.table, self.kernel, self.directory, witness) = (table, kernel, directory, nil)
        look = { _ in .file }
    }
}
