// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// What to do when a step fails: the kernel's switches that are known to make it fail, looked up on this machine.
enum Advice {
    static func about(_ error: SystemError) -> String? {
        if error.stage.contains("veth"), error.code == EOPNOTSUPP {
            return "the kernel needs CONFIG_VETH; try 'modprobe veth'"
        }
        if error.stage.contains("routing rules"), error.code == EOPNOTSUPP || error.code == EAFNOSUPPORT {
            return "the kernel needs CONFIG_IP_MULTIPLE_TABLES and CONFIG_IPV6_MULTIPLE_TABLES"
        }
        if error.stage.contains("/proc"), error.code == EPERM {
            return "part of /proc is covered here, as in a container; start the container with an unmasked /proc"
        }
        if error.code == ENOSYS, isFiltered {
            return "a seccomp filter refuses it here, as inside another egress-run or a container"
        }
        if error.stage.contains("seccomp"), error.code == EBUSY {
            return "what started egress-run supervises its system calls already (seccomp notifications), as another "
                + "egress-run does, and the kernel allows one such supervisor; start egress-run outside of it"
        }
        switch error.code {
        case EPERM, EACCES, ENOSPC, EUSERS: return aboutUserNamespaces()
        case ENOSYS, EINVAL: return "Linux 5.12 or newer is needed"
        default: return nil
        }
    }

    /// True in a process under a seccomp filter (proc_pid_status(5)).
    private static var isFiltered: Bool {
        let status = contents(ofFile: "/proc/self/status").map { String(decoding: $0, as: UTF8.self) } ?? ""
        return status.split(separator: "\n").contains { $0.hasPrefix("Seccomp:") && $0.hasSuffix("2") }
    }

    private static func aboutUserNamespaces() -> String? {
        if setting("kernel/apparmor_restrict_unprivileged_userns") == "1" {
            return "AppArmor restricts user namespaces; as root: sysctl kernel.apparmor_restrict_unprivileged_userns=0"
        }
        if setting("kernel/unprivileged_userns_clone") == "0" {
            return "user namespaces are switched off; as root: sysctl kernel.unprivileged_userns_clone=1"
        }
        if setting("user/max_user_namespaces") == "0" {
            return "user namespaces are switched off; as root: sysctl user.max_user_namespaces=15000"
        }
        return "user and network namespaces are refused here; in a container, its seccomp profile may be what refuses"
    }

    private static func setting(_ name: String) -> String? {
        contents(ofFile: "/proc/sys/\(name)").map { String(decoding: $0.prefix { $0 > 32 }, as: UTF8.self) }
    }
}
