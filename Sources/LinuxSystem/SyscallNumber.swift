// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// Numbers of system calls by their names.
public enum SyscallNumber {
    /// A call that came after the newest that libseccomp 2.5.4 knows. From 424 on, architectures number alike.
    struct Newer: Sendable {
        let name: String
        let number: UInt32
        /// The kernel that brought it.
        let since: String

        init(_ name: String, _ number: UInt32, since: String) {
            self.name = name
            self.number = number
            self.since = since
        }
    }

    static let newer: [Newer] =
        [
            Newer("cachestat", 451, since: "6.5"), Newer("fchmodat2", 452, since: "6.6"),
            Newer("map_shadow_stack", 453, since: "6.6"), Newer("futex_wake", 454, since: "6.7"),
            Newer("futex_wait", 455, since: "6.7"), Newer("futex_requeue", 456, since: "6.7"),
            Newer("statmount", 457, since: "6.8"), Newer("listmount", 458, since: "6.8"),
            Newer("lsm_get_self_attr", 459, since: "6.8"), Newer("lsm_set_self_attr", 460, since: "6.8"),
            Newer("lsm_list_modules", 461, since: "6.8"), Newer("mseal", 462, since: "6.10"),
            Newer("setxattrat", 463, since: "6.13"), Newer("getxattrat", 464, since: "6.13"),
            Newer("listxattrat", 465, since: "6.13"), Newer("removexattrat", 466, since: "6.13"),
            Newer("open_tree_attr", 467, since: "6.15"), Newer("file_getattr", 468, since: "6.17"),
            Newer("file_setattr", 469, since: "6.17"), Newer("listns", 470, since: "6.19"),
            Newer("rseq_slice_yield", 471, since: "7.0"),
        ] + ofThisArchitecture

    #if arch(x86_64)
    private static let ofThisArchitecture = [
        Newer("uretprobe", 335, since: "6.11"), Newer("uprobe", 336, since: "6.18"),
    ]
    private static let absent: Set<String> = []
    #else
    private static let ofThisArchitecture: [Newer] = []
    private static let absent: Set<String> = ["uretprobe", "uprobe"]
    #endif

    private static let numbers = Dictionary(uniqueKeysWithValues: newer.map { ($0.name, $0.number) })

    /// The number on this architecture; nil for a call that only others have. A name that nobody knows is an error (ENOSYS).
    public static func native(of name: String) throws(SystemError) -> UInt32? {
        if let number = numbers[name] { return number }
        if absent.contains(name) { return nil }
        let number = unsafe seccomp_syscall_resolve_name(name)
        // -1 (__NR_SCMP_ERROR): no such name. Below: libseccomp's own number of a call that is not there.
        if number == -1 { throw SystemError("finding the system call '\(name)'", code: ENOSYS) }
        return number < 0 ? nil : UInt32(number)
    }
}
