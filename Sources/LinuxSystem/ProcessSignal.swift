// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// Signals and ends of processes.
public enum ProcessSignal {
    /// pidfd_send_signal(2); false if the process is gone.
    @discardableResult
    public static func send(_ signal: Int32, to pidfd: Int32) -> Bool {
        egress_pidfd_send_signal(pidfd, signal) == 0
    }

    /// Makes the orphans below this process its children; false with errno if that fails.
    public static func adoptOrphans() -> Bool {
        egress_adopt_orphans() == 0
    }

    /// Ignores a signal.
    public static func ignore(_ number: Int32) {
        _ = signal(number, SIG_IGN)
    }

    /// Gives a signal its default action.
    public static func setDefault(_ number: Int32) {
        _ = signal(number, SIG_DFL)
    }

    /// Waits for a child to end, until a time (monotonic nanoseconds), and takes it off the kernel's hands.
    ///
    /// - Returns: false if it has not ended by then
    public static func reap(_ pid: Int32, until time: UInt64) -> Bool {
        egress_reap(pid, time) == 0
    }

    /// Has SIGCONT sent to the calling process at a time (monotonic nanoseconds), even when it is stopped then; false with
    /// errno if no timer can be had.
    public static func continueSelf(at time: UInt64) -> Bool {
        egress_continue_at(time) == 0
    }

    /// The process of a thread, as far as the kernel tells at once (Linux 6.13); else the thread itself.
    public static func program(of task: Int32) -> Int32 { egress_program_of(task) }

    /// How many descriptors the calling process may have open.
    public static var descriptorLimit: Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return Int(clamping: limit.rlim_cur)
    }

    /// Raises the calling process's descriptor limit as far as it may.
    public static func raiseDescriptorLimit() {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard unsafe getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = unsafe setrlimit(resource, &limit)
    }
}
