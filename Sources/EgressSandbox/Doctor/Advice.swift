// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// What to do when a step fails. `egress-run` refuses with these words, and `egress doctor` tells them before.
enum Advice {
    static let kernel = "Linux 5.14 or newer is needed"
    static let link = "the kernel needs CONFIG_VETH; try 'modprobe veth'"
    static let routingRules = "the kernel needs CONFIG_IP_MULTIPLE_TABLES and CONFIG_IPV6_MULTIPLE_TABLES"
    static let coveredProc =
        "part of /proc is covered here, as in a container; start the container with an unmasked /proc"
    static let refused =
        "user and network namespaces are refused here; in a container, its seccomp profile may be what refuses"
    static let coreDumps =
        "kernel.core_pattern gives them to a program outside; as root: sysctl kernel.core_pattern=core, or a hard limit of 1 "
        + "for core files (ulimit -H -c)"
    static let filter = "the kernel needs CONFIG_SECCOMP_FILTER"
    static let listener =
        "what started egress-run supervises its system calls already (seccomp notifications), as another egress-run does, "
        + "and the kernel allows one such supervisor; start egress-run outside of it"
    static let filtered = "a seccomp filter refuses it here, as inside another egress-run or a container"

    /// What to do about a failed step, given the values of the kernel's settings.
    static func about(
        _ error: SystemError,
        isRoot: Bool = KernelProbe.isRoot,
        isFiltered: Bool = KernelProbe.filters > 0,
        settings: (KernelSetting) -> String? = { $0.current() }
    ) -> String? {
        if error.stage.contains("veth"), error.code == EOPNOTSUPP { return link }
        if error.stage.contains("routing rules"), error.code == EOPNOTSUPP || error.code == EAFNOSUPPORT {
            return routingRules
        }
        if error.stage.contains("/proc"), error.code == EPERM { return coveredProc }
        if error.stage.contains("core dumps") { return coreDumps }
        if error.code == ENOSYS, isFiltered { return filtered }
        if error.stage.contains("seccomp"), error.code == EBUSY { return listener }
        if error.stage.contains("filter"), error.code == EINVAL || error.code == ENOSYS { return filter }
        switch error.code {
        case EPERM, EACCES, ENOSPC, EUSERS:
            return KernelSetting.allCases.first { $0.refuses(settings($0), isRoot: isRoot) }?.advice ?? refused
        case ENOSYS, EINVAL, ENOPROTOOPT: return kernel
        default: return nil
        }
    }
}
