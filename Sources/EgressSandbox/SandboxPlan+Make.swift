// SPDX-License-Identifier: Apache-2.0

import Glibc
public import LinuxSystem

/// The sockets of R, in the order in which they are made and handed over. Those of IPv6 are the last.
public enum RelaySocket: Int, Sendable, CaseIterable {
    /// Copies of the worker's SYNs and datagrams (raw(7))
    case captureTCP4, captureUDP4
    /// Raw IPv4, for what is injected
    case raw4
    /// The resolver, over IPv4
    case resolverUDP4, resolverTCP4
    /// The same over IPv6
    case captureTCP6, captureUDP6, raw6, resolverUDP6, resolverTCP6

    var isIPv6: Bool { rawValue >= RelaySocket.captureTCP6.rawValue }
}

/// A port of the host's loopback that is let into W.
public struct HostLoopbackPort: Hashable, Sendable {
    /// 127.0.0.0/8 or ::1 in network order.
    public let address: [UInt8]
    /// The port.
    public let port: UInt16
    /// TCP or UDP: IPPROTO_TCP, IPPROTO_UDP.
    public let protocolNumber: Int32

    /// A port of the host's loopback.
    public init(address: [UInt8], port: UInt16, protocolNumber: Int32) {
        self.address = address
        self.port = port
        self.protocolNumber = protocolNumber
    }
}

extension SandboxPlan {
    /// The plan for a command.
    ///
    /// - Parameters:
    ///   - loopback: ports of the host's loopback that policy lets in
    ///   - files: see `PrivateFiles`
    ///   - devices: see `PrivateDevices`; nil for those that every command gets
    ///   - machine: the machine's mounts, as they are judged; nil for those of the calling process
    ///   - unixDatagrams: see `SyscallFilter`
    ///   - landlock: the version of the kernel's Landlock ABI
    ///   - coreDumps: see `CoreDumps`
    public init(
        command: CommandPlan,
        identity: Identity = .current(),
        ipv6: PrivateNetwork.IPv6 = .ofHost(),
        loopback: [HostLoopbackPort],
        files: PrivateFiles,
        devices: PrivateDevices? = nil,
        mounts machine: MachineMounts? = nil,
        unixDatagrams: Bool = false,
        landlock: Int? = KernelProbe.landlock,
        coreDumps: CoreDumps = .ofHost()
    ) throws(SystemError) {
        if coreDumps == .socket { throw CoreDumps.cannotBeHeld }
        self.identity = identity
        self.command = command
        self.loopback = loopback
        self.coreDumps = coreDumps
        self.landlock = LandlockDomain(abi: landlock)
        filter = try compileSyscallFilter(
            SyscallFilter.rules(
                unixDatagrams: unixDatagrams,
                keepsCoreLimit: coreDumps == .pipe
            )
        )
        let mounted: MachineMounts
        if let machine { mounted = machine } else { mounted = try MachineMounts() }
        mounts = try Self.mountSteps(files, devices ?? PrivateDevices(), mounted, identity)
        relayBefore = [.netlink(what: "bringing up R's loopback", PrivateNetwork.up(index: 1))]
        relay = Self.relaySteps(ipv6)
        relaySockets = RelaySocket.allCases.filter { ipv6 != .absent || !$0.isIPv6 }.map(Self.socket)
        listeners = [Self.heldListener(.ipv4)] + (ipv6 == .absent ? [] : [Self.heldListener(.ipv6)])
        worker = Self.workerSteps(ipv6)
        workerSockets = [Self.diagnostics] + (loopback.isEmpty ? [] : Self.loopbackSockets(loopback))
        if !loopback.isEmpty {
            worker.append(
                .featureOff(
                    what: "switching the worker's loopback UDP segmentation offload off",
                    interface: "lo",
                    feature: "tx-udp-segmentation"
                )
            )
        }
    }

    private static func relaySteps(_ ipv6: PrivateNetwork.IPv6) -> [Step] {
        let (link, pidOffset) = PrivateNetwork.link()
        var steps = [
            Step.netlink(what: "making the link between the worker and the relay (veth)", link, pidOffset: pidOffset)
        ]
        func addFamily(_ name: String, _ family: Int32, _ relay: [UInt8], _ worker: [UInt8], _ length: UInt8) {
            steps += [
                .netlink(what: "giving R its \(name) address", PrivateNetwork.address(relay, prefixLength: length)),
                .netlink(
                    what: "routing \(name) to the worker",
                    PrivateNetwork.workerIsOnLink(worker)
                ),
                .netlink(
                    what: "making every \(name) address R's own",
                    PrivateNetwork.everyAddressIsLocal(family: family)
                ),
            ]
            // The local table, which is asked first (priority 0), has to come after the rules that keep R's kernel from
            // answering for itself.
            let rules: [(String, NetlinkMessage)] = [
                ("silencing TCP", PrivateNetwork.silence(6, family: family)),
                ("silencing ICMP", PrivateNetwork.silence(family == AF_INET ? 1 : 58, family: family)),
                ("moving the local table", PrivateNetwork.localTable(family: family, priority: 1000)),
                ("moving the local table", PrivateNetwork.deleteFirstRule(family: family)),
            ]
            steps += rules.map { .netlink(what: "\($0.0) (\(name) routing rules)", $0.1) }
        }
        addFamily("IPv4", AF_INET, PrivateNetwork.relayIPv4, PrivateNetwork.workerIPv4, 29)
        if let prefix = ipv6.prefix {
            addFamily("IPv6", AF_INET6, PrivateNetwork.relayIPv6(prefix), PrivateNetwork.workerIPv6(prefix), 64)
        }
        return steps
    }

    private static func workerSteps(_ ipv6: PrivateNetwork.IPv6) -> [Step] {
        var steps: [Step] = [
            .netlink(what: "bringing up the worker's loopback", PrivateNetwork.up(index: 1)),
            .featureOff(
                what: "switching the worker's UDP segmentation offload off",
                interface: "eth0",
                feature: "tx-udp-segmentation"
            ),
            .netlink(what: "bringing up the worker's link", PrivateNetwork.up(index: PrivateNetwork.linkIndex)),
            .netlink(
                what: "giving the worker its IPv4 address",
                PrivateNetwork.address(PrivateNetwork.workerIPv4, prefixLength: 29)
            ),
            .netlink(
                what: "giving the worker its IPv4 route",
                PrivateNetwork.defaultRoute(via: PrivateNetwork.relayIPv4)
            ),
        ]
        if let prefix = ipv6.prefix {
            steps += [
                .netlink(
                    what: "giving the worker its IPv6 address",
                    PrivateNetwork.address(PrivateNetwork.workerIPv6(prefix), prefixLength: 64)
                ),
                .netlink(
                    what: "giving the worker its IPv6 route",
                    PrivateNetwork.defaultRoute(via: PrivateNetwork.relayIPv6(prefix))
                ),
                .netlink(what: "refusing the worker's link-local destinations", PrivateNetwork.refuseLinkLocal()),
            ]
        }
        return steps
    }
}

extension SandboxPlan: CustomStringConvertible {
    /// A line a step, in the order in which they are performed.
    public var description: String {
        let sections: [(String, [Step], [SocketPlan])] = [
            ("relay, before init", relayBefore, []), ("relay", relay, relaySockets), ("mounts", mounts, []),
            ("worker", worker, workerSockets),
        ]
        return sections.map { title, steps, sockets in
            "\(title):\n" + (steps.map(\.what) + sockets.map(\.what)).map { "  \($0)\n" }.joined()
        }.joined() + "core dumps: \(coreDumps)\nlandlock: \(landlock)\n"
            + "command: \(command.candidates.joined(separator: " or "))\n"
    }
}

extension SandboxPlan.Step {
    /// What the step does, as a gerund.
    public var what: String {
        switch self {
        case .netlink(let what, _, _), .mount(let what, _, _, _, _, _), .mountAttributes(let what, _, _),
            .featureOff(let what, _, _), .write(let what, _, _), .directory(let what, _), .link(let what, _, _),
            .terminal(let what, _, _, _), .enter(let what, _), .unchanged(let what, _):
            what
        }
    }
}
