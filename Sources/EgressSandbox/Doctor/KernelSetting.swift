// SPDX-License-Identifier: Apache-2.0

import LinuxSystem

/// A switch below /proc/sys that can refuse the namespaces we need, and what to do when it does.
public enum KernelSetting: String, Sendable, CaseIterable {
    /// AppArmor takes the capabilities away that a new user namespace gives (Ubuntu 23.10 and later).
    case apparmor = "kernel/apparmor_restrict_unprivileged_userns"
    /// Debian's switch.
    case unprivileged = "kernel/unprivileged_userns_clone"
    /// Bounds of namespaces(7).
    case user = "user/max_user_namespaces"
    case network = "user/max_net_namespaces"
    case process = "user/max_pid_namespaces"
    case mount = "user/max_mnt_namespaces"
    case communication = "user/max_ipc_namespaces"
    case name = "user/max_uts_namespaces"

    /// The value that refuses.
    var refusing: String { self == .apparmor ? "1" : "0" }

    /// True of those that let processes with capabilities pass.
    var sparesRoot: Bool { self == .apparmor || self == .unprivileged }

    /// What is refused, and by what.
    var problem: String {
        switch self {
        case .apparmor: "AppArmor restricts user namespaces"
        case .unprivileged, .user: "user namespaces are switched off"
        case .network: "network namespaces are switched off"
        case .process: "process namespaces are switched off"
        case .mount: "mount namespaces are switched off"
        case .communication: "IPC namespaces are switched off"
        case .name: "host-name namespaces are switched off"
        }
    }

    /// What an administrator can do.
    var advice: String {
        let value =
            switch self {
            case .apparmor: "0"
            case .unprivileged: "1"
            default: "15000"
            }
        return "\(problem); as root: sysctl \(option)=\(value)"
    }

    /// The name that sysctl(8) knows it by.
    public var option: String { String(rawValue.map { $0 == "/" ? "." : $0 }) }

    /// Its value here; nil where the kernel does not have it.
    public func current() -> String? {
        contents(ofFile: "/proc/sys/\(rawValue)").map { String(decoding: $0.prefix { $0 > 32 }, as: UTF8.self) }
    }

    /// True of a value that refuses us.
    func refuses(_ value: String?, isRoot: Bool) -> Bool {
        value == refusing && !(isRoot && sparesRoot)
    }
}
