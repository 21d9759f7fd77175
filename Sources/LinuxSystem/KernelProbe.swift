// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// Asks the running kernel what it offers, by trying.
public enum KernelProbe {
    /// The release, as uname(2) has it: "6.8.0-31-generic".
    public static var release: String {
        contents(ofFile: "/proc/sys/kernel/osrelease").map { String(decoding: $0.prefix { $0 > 32 }, as: UTF8.self) }
            ?? ""
    }

    /// 0 if there are seccomp notifications (seccomp_unotify(2)), else why not.
    public static var notification: Int32 { egress_probe_seccomp_notification() }

    /// 0 if a filter with a listener can be loaded here, else why not; EBUSY when a listener is above us already.
    ///
    /// - Parameter killable: asks for waits that only a fatal signal interrupts (Linux 5.19)
    public static func listener(killable: Bool) -> Int32 { egress_probe_seccomp_listener(killable ? 1 : 0) }

    /// The version of the Landlock ABI (landlock(7)), nil without Landlock.
    public static var landlock: Int? {
        let version = egress_probe_landlock()
        return version < 0 ? nil : Int(version)
    }

    /// How many seccomp filters hold this process: the "Seccomp_filters:" line of proc_pid_status(5), since Linux 5.9.
    public static var filters: Int {
        let lines = (contents(ofFile: "/proc/self/status") ?? []).split(separator: UInt8(ascii: "\n"))
        let label = "Seccomp_filters:"
        guard let line = lines.first(where: { $0.starts(with: label.utf8) }) else { return 0 }
        return Int(String(decoding: line.dropFirst(label.utf8.count).filter { $0 > 32 }, as: UTF8.self)) ?? 0
    }

    /// True of an effective user id of 0.
    public static var isRoot: Bool { geteuid() == 0 }

    /// A name of an errno value in words, as strerror(3) has them.
    public static func reason(_ code: Int32) -> String { SystemError("", code: code).reason }
}
