// SPDX-License-Identifier: Apache-2.0

internal import CLinux

/// What /proc/TID/status says of a thread (proc_pid_status(5)).
public struct TaskStatus: Sendable, Equatable {
    /// Signals as masks (bit n-1 for signal n): those that wait for the thread, and for its process, and are neither
    /// blocked nor ignored.
    public let pending, shared: UInt64
    /// How many threads its process has.
    public let threads: Int
    /// Its process, in our pid namespace, and in its own.
    public let process, innerProcess: Int32

    /// The status of a thread; nil if it is gone.
    public init?(of task: Int32) {
        var raw = egress_task_status()
        guard unsafe egress_task_status_read(task, &raw) == 0 else { return nil }
        pending = raw.pending & ~raw.blocked & ~raw.ignored
        shared = raw.shared & ~raw.blocked & ~raw.ignored
        threads = Int(raw.threads)
        process = Int32(bitPattern: raw.process)
        innerProcess = Int32(bitPattern: raw.inner_process)
    }
}
