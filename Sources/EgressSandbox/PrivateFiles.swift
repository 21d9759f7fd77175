// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// Files that the command sees in place of the host's, so that names are resolved by us.
public struct PrivateFiles: Sendable {
    /// What stands at a path.
    public var contents: [(path: String, [UInt8])]
    /// Kernel files that exist on this machine and are covered or made read-only.
    public var covered, readOnly: [String]
    /// Files that only show nothing, at every path by which they can be reached.
    public var hidden: [HiddenFile]

    /// Files in place of the given ones, as far as the host has them, and files that only show nothing.
    public init(contents: [(path: String, [UInt8])], hidden: [HiddenFile] = []) {
        let exists = { (path: String) in unsafe access(path, F_OK) == 0 }
        self.contents = contents.filter { exists($0.path) }
        self.hidden = hidden
        covered = Self.secrets.filter(exists)
        readOnly = Self.controls.filter(exists)
    }

    /// Hold the host's memory, keys or timers.
    static let secrets = [
        "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/kpagecount",
        "/proc/kpageflags", "/proc/kpagecgroup", "/proc/kallsyms", "/proc/kmsg",
    ]
    /// Change the host's kernel when root writes to them; the files' own permissions let root do so in any namespace.
    static let controls = [
        "/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi",
        "/proc/scsi", "/proc/mtrr", "/proc/asound", "/proc/driver", "/proc/dynamic_debug", "/proc/pressure",
    ]
}
