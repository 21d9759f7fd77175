// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

extension Diagnosis {
    /// The oldest kernel with all we call: SO_NETNS_COOKIE came last, and mount_setattr(2) with 5.12.
    static let oldestKernel = (5, 14)

    /// A check for each part of the trial. What was made at the same time as the part that failed, or after it, is unknown.
    static func parts(_ trial: Trial) -> [Check] {
        guard case .failed(let failed, let error) = trial else {
            return Trial.Part.allCases.map { Check($0.rawValue, .ok, $0.whatStood) }
        }
        return Trial.Part.allCases.map { part in
            if part == failed { return Check(part.rawValue, .no, error.error.description, advice: error.advice) }
            let stood = part == .namespaces || failed == .command
            return Check(
                part.rawValue,
                stood ? .ok : .note,
                stood ? part.whatStood : "not known, as another part failed"
            )
        }
    }

    static func kernel(_ release: String) -> Check {
        let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        guard numbers.count == 2 else {
            return Check("kernel", .no, "'\(release)' is no release", advice: Advice.kernel)
        }
        let isEnough = (numbers[0], numbers[1]) >= oldestKernel
        return Check("kernel", isEnough ? .ok : .no, "Linux \(release)", advice: isEnough ? nil : Advice.kernel)
    }

    /// A check for each setting that the kernel has, or one for all while they allow what we need.
    static func settings(_ machine: Machine) -> [Check] {
        let refusing = KernelSetting.allCases.filter { $0.refuses(machine.settings[$0], isRoot: machine.isRoot) }
        guard refusing.isEmpty else {
            return refusing.map {
                Check("settings", .no, "\($0.option) is \(machine.settings[$0] ?? "unknown")", advice: $0.advice)
            }
        }
        let spared = KernelSetting.allCases.filter { $0.refuses(machine.settings[$0], isRoot: false) }
        guard spared.isEmpty else {
            return spared.map {
                Check("settings", .note, "\($0.option) is \($0.refusing): this holds for root only", advice: $0.advice)
            }
        }
        return [Check("settings", .ok, "none refuses namespaces")]
    }

    static func notification(_ machine: Machine) -> Check {
        if machine.notification == 0 { return Check("seccomp-notify", .ok, "the kernel has seccomp notifications") }
        return Check(
            "seccomp-notify",
            .no,
            "no seccomp notifications: \(KernelProbe.reason(machine.notification))",
            advice: Advice.filter
        )
    }

    static func listener(_ machine: Machine) -> Check {
        let filters = machine.filters == 1 ? "1 filter is" : "\(machine.filters) filters are"
        if machine.listener == 0 {
            return Check("seccomp-listener", .ok, "a listener can be had; \(filters) in force already")
        }
        return Check(
            "seccomp-listener",
            .no,
            "no listener can be had: \(KernelProbe.reason(machine.listener)); \(filters) in force already",
            advice: machine.listener == EBUSY ? Advice.listener : Advice.filter
        )
    }

    static func killableWaits(_ machine: Machine) -> Check {
        if machine.killableListener == 0 {
            return Check("seccomp-killable", .ok, "only a fatal signal interrupts a call that is being judged")
        }
        return Check(
            "seccomp-killable",
            .note,
            "any signal interrupts a call that is being judged; it is then made again",
            advice: machine.listener == 0 ? "Linux 5.19 or newer spares programs with many signals this" : nil
        )
    }

    static func receivedRights(_ machine: Machine) -> Check {
        if machine.refusesRights {
            return Check("received-sockets", .ok, "no socket of another network can be handed to a command")
        }
        return Check(
            "received-sockets",
            .note,
            "who is at the other end of an allowed unix socket, or of one that is standard input, output or error, can hand "
                + "over a datagram socket that nothing holds",
            advice: "Linux 6.16 or newer refuses it; here, allow no unix socket whose owner would"
        )
    }

    static func container(_ machine: Machine) -> Check {
        guard machine.coveredProc.isEmpty else {
            let places = machine.coveredProc.prefix(3).joined(separator: ", ")
            return Check("container", .no, "mounts cover \(places)", advice: Advice.coveredProc)
        }
        if machine.containerSigns.isEmpty { return Check("container", .ok, "no sign of one") }
        return Check("container", .note, "this is one (\(machine.containerSigns.joined(separator: ", ")))")
    }

    static func landlock(_ machine: Machine) -> Check {
        let name = "landlock"
        guard let abi = machine.landlock else {
            return Check(name, .note, "the kernel has none; nothing rests on it")
        }
        // What later ABIs add to it is worth a word, not an advice.
        let domain = LandlockDomain(abi: abi)
        if domain.scoped != 0 { return Check(name, .ok, "ABI \(abi) holds a second time: \(domain)") }
        let found = domain.denials.isEmpty ? "holds nothing that is held here" : "holds a second time: \(domain)"
        return Check(
            name,
            .note,
            "ABI \(abi) \(found)",
            advice: "Linux 6.12 or newer holds abstract sockets and signals a second time"
        )
    }

    static func ipv6(_ machine: Machine) -> Check {
        switch machine.ipv6 {
        case .global: Check("ipv6", .ok, "this machine has global addresses")
        case .uniqueLocal: Check("ipv6", .ok, "this machine has unique local addresses")
        case .absent: Check("ipv6", .note, "this machine has no address, so commands see none")
        }
    }

    static func nameServers(_ machine: Machine) -> Check {
        let advice = "allowed names can't be resolved; name a server that can be reached with --dns"
        guard let last = machine.nameServers.last else {
            return Check("dns", .note, "/etc/resolv.conf names no server", advice: advice)
        }
        let list = machine.nameServers.map(\.address).joined(separator: ", ")
        if machine.nameServers.contains(where: { $0.code == 0 }) { return Check("dns", .ok, list) }
        return Check("dns", .note, "no way to \(list): \(KernelProbe.reason(last.code))", advice: advice)
    }
}

extension Trial.Part {
    fileprivate var whatStood: String {
        switch self {
        case .namespaces: "user, process, mount, IPC, host-name and network namespaces can be made"
        case .mounts: "private files and a /proc of its own"
        case .link: "a veth link with addresses and routes"
        case .routingRules: "policy routing rules"
        case .rawSockets: "raw sockets and listeners in the relay"
        case .command: "a command was started behind the filter, and ended"
        }
    }
}
