// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// What can be read of a machine without changing anything on it.
public struct Machine: Sendable {
    /// A DNS server that is configured, and the errno of connecting a datagram socket to it (which sends nothing).
    public struct NameServer: Sendable, Equatable {
        /// Its address, as text.
        public var address: String
        /// 0 when there is a way to it.
        public var code: Int32

        /// A server.
        public init(address: String, code: Int32) {
            self.address = address
            self.code = code
        }
    }

    /// The kernel's release.
    public var release = ""
    /// Whether we are root, whom some settings spare.
    public var isRoot = false
    /// The values of the kernel's settings, as far as it has them.
    public var settings: [KernelSetting: String] = [:]
    /// An errno or 0: seccomp notifications, a listener of our own, one with killable waits.
    public var notification, listener, killableListener: Int32
    /// How many filters hold this process already.
    public var filters = 0
    /// Whether a unix socket can refuse descriptors (`ReceivedRights`).
    public var refusesRights = true
    /// The Landlock ABI.
    public var landlock: Int?
    /// What tells that this is a container.
    public var containerSigns: [String] = []
    /// Mounts that cover parts of /proc.
    public var coveredProc: [String] = []
    /// The kind of its IPv6 addresses.
    public var ipv6 = PrivateNetwork.IPv6.absent
    /// The DNS servers that resolv.conf names.
    public var nameServers: [NameServer] = []

    /// A machine where nothing is known to stand in the way.
    public init(release: String) {
        self.release = release
        (notification, listener, killableListener) = (0, 0, 0)
    }

    /// This machine.
    public static func current(nameServers: [NameServer]) -> Machine {
        var machine = Machine(release: KernelProbe.release)
        machine.isRoot = KernelProbe.isRoot
        for setting in KernelSetting.allCases { machine.settings[setting] = setting.current() }
        machine.notification = KernelProbe.notification
        machine.listener = KernelProbe.listener(killable: false)
        machine.killableListener = KernelProbe.listener(killable: true)
        machine.filters = KernelProbe.filters
        machine.refusesRights = ReceivedRights.canBeRefused
        machine.landlock = KernelProbe.landlock
        machine.containerSigns = containerSigns()
        machine.coveredProc = coveredProc(mounts: lines("/proc/self/mountinfo"))
        machine.ipv6 = .ofHost()
        machine.nameServers = nameServers
        return machine
    }

    private static func lines(_ path: String) -> [Substring] {
        String(decoding: contents(ofFile: path) ?? [], as: UTF8.self).split(separator: "\n")
    }

    /// Docker and Podman leave a file; Podman, LXC and systemd-nspawn set `container` for what they start.
    private static func containerSigns() -> [String] {
        let exists = { (path: String) in unsafe access(path, F_OK) == 0 }
        let files = ["/.dockerenv", "/run/.dockerenv", "/run/.containerenv"].filter(exists)
        guard let kind = unsafe getenv("container") else { return files }
        return files + ["container=\(unsafe String(cString: kind))"]
    }

    /// Mount points below /proc. proc(5): the fifth field of mountinfo. The kernel refuses a new /proc while the one we
    /// have is not seen whole (`mount_too_revealing`); binfmt_misc is mounted on an empty directory and does not count.
    static func coveredProc(mounts: [Substring]) -> [String] {
        mounts.compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 4, fields[4].hasPrefix("/proc/"), fields[4] != "/proc/sys/fs/binfmt_misc" else {
                return nil
            }
            return String(fields[4])
        }
    }
}
