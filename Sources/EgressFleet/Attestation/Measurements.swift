// SPDX-License-Identifier: Apache-2.0

public import EgressEvidence

extension WorkerAttestation {
    /// What was measured of a worker from outside, just before it was executed.
    public struct Measurements: Sendable, Equatable {
        /// The inode numbers of its namespaces, by their names in /proc/PID/ns.
        public var workerNamespaces: [String: Int64]
        /// The inode number of the relay's network namespace.
        public var relayNetwork: Int64
        /// The inode numbers of the namespaces of `egress-run` itself.
        public var hostNamespaces: [String: Int64]
        /// The links in the relay's network namespace, and in the worker's.
        public var relayLinks, workerLinks: [Link]
        /// seccomp's mode: 2 is a filter.
        public var seccompMode: Int64
        /// How many filters are in force on the worker, and were on `egress-run`.
        public var seccompFilters, hostSeccompFilters: Int64
        /// The digest of the filter's program.
        public var seccompDigest: Digest
        /// Whether the worker can't gain rights by execve(2).
        public var noNewPrivileges: Bool
        /// The capability sets, as masks.
        public var capabilities: Capabilities
        /// The effective user and group; nil in statements of versions that did not say them.
        public var user, group: Int64?
        /// The kinds of standard input, output and error; nil likewise.
        public var descriptors: [String]?
        /// What a Landlock domain denies the worker; nil likewise.
        public var landlock: [String]?

        /// What was measured.
        public init(
            workerNamespaces: [String: Int64],
            relayNetwork: Int64,
            hostNamespaces: [String: Int64],
            relayLinks: [Link],
            workerLinks: [Link],
            seccompMode: Int64,
            seccompFilters: Int64,
            hostSeccompFilters: Int64,
            seccompDigest: Digest,
            noNewPrivileges: Bool,
            capabilities: Capabilities
        ) {
            (self.workerNamespaces, self.relayNetwork) = (workerNamespaces, relayNetwork)
            (self.hostNamespaces, self.relayLinks, self.workerLinks) = (hostNamespaces, relayLinks, workerLinks)
            (self.seccompMode, self.seccompFilters) = (seccompMode, seccompFilters)
            (self.hostSeccompFilters, self.seccompDigest) = (hostSeccompFilters, seccompDigest)
            (self.noNewPrivileges, self.capabilities) = (noNewPrivileges, capabilities)
        }
    }

    /// A link of a network namespace, as rtnetlink(7) shows it.
    public struct Link: Sendable, Equatable {
        /// Its index and name.
        public var index: Int64, name: String
        /// "loopback", "veth", or the kind of another.
        public var kind: String
        /// Whether it is up (IFF_UP).
        public var isUp: Bool
        /// Where the other end of a veth is: "worker", "relay", or "unknown".
        public var peer: String?

        /// A link.
        public init(index: Int64, name: String, kind: String, isUp: Bool, peer: String? = nil) {
            (self.index, self.name, self.kind) = (index, name, kind)
            (self.isUp, self.peer) = (isUp, peer)
        }
    }

    /// The capability sets of a thread (capabilities(7)), bit N for capability N.
    public struct Capabilities: Sendable, Equatable {
        /// Each set.
        public var inheritable, permitted, effective, bounding, ambient: UInt64

        /// The sets.
        public init(inheritable: UInt64, permitted: UInt64, effective: UInt64, bounding: UInt64, ambient: UInt64) {
            (self.inheritable, self.permitted, self.effective) = (inheritable, permitted, effective)
            (self.bounding, self.ambient) = (bounding, ambient)
        }

        var union: UInt64 { inheritable | permitted | effective | bounding | ambient }
    }
}

extension WorkerAttestation.Measurements {
    /// The capabilities of root's commands: CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID, KILL, SETGID, SETUID,
    /// NET_BIND_SERVICE, SYS_CHROOT and SETFCAP. None reaches a network or another namespace.
    static let harmlessCapabilities: UInt64 = [0, 1, 2, 3, 4, 5, 6, 7, 10, 18, 31].reduce(0) { $0 | 1 << UInt64($1) }

    /// The namespaces that a worker has of its own.
    static let privateNamespaces = ["net", "pid", "mnt", "ipc", "uts", "user"]

    /// What in them does not show that all traffic goes through the gate; nil if all does.
    var missingBinding: String? {
        for name in Self.privateNamespaces {
            guard let own = workerNamespaces[name], let host = hostNamespaces[name], own != host else {
                return "a \(name) namespace of its own"
            }
        }
        if relayNetwork == workerNamespaces["net"] || relayNetwork == hostNamespaces["net"] {
            return "a network namespace of the relay's own"
        }
        if !Self.isClosed(relayLinks, peer: "worker") { return "a relay without another link" }
        if !Self.isClosed(workerLinks, peer: "relay") { return "a worker without another link" }
        // A filter that egress-run was under itself is on its worker too, and is not the one that is meant.
        if seccompMode != 2 || seccompFilters <= hostSeccompFilters { return "a seccomp filter" }
        if !noNewPrivileges { return "no_new_privs" }
        if capabilities.union & ~Self.harmlessCapabilities != 0 { return "dropped capabilities" }
        return nil
    }

    /// Whether the only ways out are the loopback, and one veth whose other end is where it must be. What is down leads
    /// nowhere: where the kernel has tunnel modules, each new namespace has a tunnel of each kind that is.
    private static func isClosed(_ links: [WorkerAttestation.Link], peer: String) -> Bool {
        let up = links.filter { $0.isUp && $0.kind != "loopback" }
        return up.count == 1 && up[0].kind == "veth" && up[0].peer == peer
    }
}

extension WorkerAttestation {
    /// What does not show that all traffic goes through the gate; nil if all does.
    var missingBinding: String? {
        if isolation < .netns { return "an isolation that the kernel enforces (\(isolation.rawValue) is cooperative)" }
        guard let measurements else { return "measurements" }
        if policyDigest == nil { return "a policy" }
        return measurements.missingBinding
    }
}
