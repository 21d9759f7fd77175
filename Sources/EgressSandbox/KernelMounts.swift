// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// Where else than in /proc the kernel's own file systems are mounted: in directories for chroot(2), or for tracing. Root
/// may write to their files in any namespace, and the host's kernel does as they say.
struct KernelMounts: Equatable, Sendable {
    /// Whole /proc file systems, of the host's pid namespace.
    var processes: [String] = []
    /// Others, those below /sys among them only as /sys.
    var controls: [String] = []

    /// proc(5) by its name, and what only privileged programs configure.
    private static let types: Set<String> = [
        "proc", "sysfs", "cgroup", "cgroup2", "debugfs", "tracefs", "securityfs", "configfs", "bpf", "pstore",
        "efivarfs",
        "binfmt_misc", "rpc_pipefs", "nfsd", "selinuxfs", "smackfs", "resctrl", "xenfs",
    ]

    /// Those of the calling process that can be reached by their path.
    static func ofHost() -> KernelMounts {
        KernelMounts(contents(ofFile: "/proc/self/mountinfo", limit: 64 << 20) ?? []) { path, device in
            var status = stat()
            guard unsafe lstat(path, &status) == 0 else { return false }
            // makedev(3): the low bits of both in the low half.
            let number = UInt64(status.st_dev)
            let major = number >> 8 & 0xfff | number >> 32 & 0xffff_f000
            let minor = number & 0xff | number >> 12 & 0xffff_ff00
            return "\(major):\(minor)" == device
        }
    }

    /// From the lines of mountinfo (proc_pid_mountinfo(5)). `isVisible` tells whether a path leads to a device
    /// ("major:minor"), or another mount has covered it.
    init(_ lines: [UInt8], isVisible: (String, String) -> Bool) {
        var seen: Set<String> = []
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            // id, parent, device, root, mount point, options, optional fields, "-", type, ...
            let fields = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
            guard fields.count > 6, let dash = fields[6...].firstIndex(of: "-"), dash + 1 < fields.count else {
                continue
            }
            let (type, root, path) = (fields[dash + 1], fields[3], Self.unescaped(fields[4]))
            guard Self.types.contains(type) || path == "/sys", !Self.isBelow("/proc", path),
                path == "/sys" || !Self.isBelow("/sys", path),
                isVisible(path, fields[2]), seen.insert(path).inserted
            else { continue }
            if type == "proc", root == "/" { processes.append(path) } else { controls.append(path) }
        }
    }

    private static func isBelow(_ directory: String, _ path: String) -> Bool {
        path == directory || path.hasPrefix(directory + "/")
    }

    /// Space, tab, newline and backslash stand as octal numbers: "\\040".
    private static func unescaped(_ text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "\\")) else { return text }
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\\"), index + 3 < bytes.count,
                let value = UInt8(String(decoding: bytes[index + 1...index + 3], as: UTF8.self), radix: 8)
            {
                result.append(value)
                index += 4
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
