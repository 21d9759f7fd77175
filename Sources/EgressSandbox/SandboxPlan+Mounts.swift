// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// Files that the command sees in place of the host's, so that names are resolved by us.
public struct PrivateFiles: Sendable {
    /// What stands at a path.
    public var contents: [(path: String, [UInt8])]
    /// Kernel files that exist on this machine and are covered or made read-only.
    public var covered, readOnly: [String]

    /// Files in place of the given ones, as far as the host has them, and files that only show nothing.
    public init(contents: [(path: String, [UInt8])], hidden: [String] = []) {
        let exists = { (path: String) in unsafe access(path, F_OK) == 0 }
        self.contents = contents.filter { exists($0.path) }
        covered = (Self.secrets + hidden).filter(exists)
        readOnly = Self.controls.filter(exists)
    }

    /// Hold the host's memory, keys or timers, or lead around the filter.
    static let secrets = [
        "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/kpagecount",
        "/proc/kpageflags", "/proc/kpagecgroup", "/proc/kallsyms", "/proc/kmsg",
        // A guest's end of vsock reaches the machine's; userfaultfd(2) without the system call.
        "/dev/vhost-vsock", "/dev/vhost-net", "/dev/userfaultfd",
    ]
    /// Change the host's kernel when root writes to them; the files' own permissions let root do so in any namespace.
    static let controls = [
        "/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi",
        "/proc/scsi", "/proc/mtrr", "/proc/asound", "/proc/driver", "/proc/dynamic_debug", "/proc/pressure",
    ]
}

extension SandboxPlan {
    private static let bind: UInt = 4096  // MS_BIND
    private static let recursive: UInt = 16384  // MS_REC
    private static let slave: UInt = 1 << 19  // MS_SLAVE
    private static let remount: UInt = 32  // MS_REMOUNT
    private static let readOnly: UInt = 1  // MS_RDONLY
    private static let quiet: UInt = 2 | 4 | 8  // MS_NOSUID | MS_NODEV | MS_NOEXEC

    /// The command's view of the file system: the host's, with private name-service files and a /proc of its own.
    static func mountSteps(_ files: PrivateFiles, _ kernel: KernelMounts = .ofHost()) -> [Step] {
        var steps: [Step] = [
            .mount(what: "keeping our mounts from the host", source: nil, target: "/", flags: recursive | slave),
            // The private files live in a file system that /proc then covers: nothing else shows where they are.
            .mount(
                what: "making room for private files (tmpfs)",
                source: "egress",
                target: "/proc",
                type: "tmpfs",
                flags: quiet,
                options: "size=1m,mode=0755"
            ),
        ]
        for (index, file) in files.contents.enumerated() {
            let stage = "/proc/\(index)"
            steps += [
                .write(what: "writing the private \(file.path)", path: stage, file.1),
                .mount(what: "covering \(file.path)", source: stage, target: file.path, flags: bind),
                .mount(
                    what: "making \(file.path) read-only",
                    source: nil,
                    target: file.path,
                    flags: bind | remount | readOnly | quiet
                ),
            ]
        }
        steps += [
            .mount(what: "mounting a new /proc", source: "proc", target: "/proc", type: "proc", flags: quiet),
            .write(
                what: "forbidding user namespaces inside",
                path: "/proc/sys/user/max_user_namespaces",
                Array("0".utf8)
            ),
        ]
        for path in files.covered {
            steps.append(.mount(what: "covering \(path)", source: "/dev/null", target: path, flags: bind))
        }
        for path in files.readOnly {
            steps += [
                .mount(what: "binding \(path)", source: path, target: path, flags: bind | recursive),
                .mount(
                    what: "making \(path) read-only",
                    source: nil,
                    target: path,
                    flags: bind | remount | readOnly | quiet
                ),
            ]
        }
        for path in kernel.processes {
            steps.append(.mount(what: "covering \(path)", source: "/proc", target: path, flags: bind | recursive))
        }
        for path in kernel.controls {
            steps.append(.mountAttributes(what: "making \(path) read-only", target: path, set: 1))  // MOUNT_ATTR_RDONLY
        }
        return steps
    }
}
