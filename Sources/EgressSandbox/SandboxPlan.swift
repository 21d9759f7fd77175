// SPDX-License-Identifier: Apache-2.0

public import LinuxSystem

/// All that will be done to hold a command, as a value: it can be printed and tested, and is then performed step by step.
///
/// The namespaces: R is the relay's, W the worker's. The only link of either leads to the other.
public struct SandboxPlan: Sendable {
    /// One step; `what` names it in an error.
    public enum Step: Sendable {
        /// An rtnetlink request. `pidOffset` is where in it the pid of init belongs, or 0.
        case netlink(what: String, NetlinkMessage, pidOffset: Int = 0)
        /// mount(2)
        case mount(
            what: String,
            source: BytePath?,
            target: BytePath,
            type: String? = nil,
            flags: UInt,
            options: String? = nil
        )
        /// mount_setattr(2)
        case mountAttributes(what: String, target: BytePath, MountAttributes)
        /// Switches a device feature off, by its name in ethtool(8)
        case featureOff(what: String, interface: String, feature: String)
        /// Creates or truncates a file
        case write(what: String, path: BytePath, [UInt8])
        /// mkdir(2)
        case directory(what: String, BytePath)
        /// symlink(2)
        case link(what: String, BytePath, target: BytePath)
        /// Binds a terminal of the machine at its own number in a devpts(5) of our own
        case terminal(what: String, source: BytePath, directory: BytePath, index: UInt32)
        /// chdir(2)
        case enter(what: String, BytePath)
        /// Fails if the machine's mounts are not those that were read
        case unchanged(what: String, MountWitness)
    }

    /// What mount_setattr(2) changes: MOUNT_ATTR_ flags that are set and cleared, the propagation, and whether of all mounts
    /// below, too.
    public struct MountAttributes: Sendable {
        /// Flags.
        public var set, clear, propagation: UInt
        /// AT_RECURSIVE
        public var isRecursive: Bool

        init(set: UInt = 0, clear: UInt = 0, propagation: UInt = 0, isRecursive: Bool = false) {
            (self.set, self.clear, self.propagation, self.isRecursive) = (set, clear, propagation, isRecursive)
        }
    }

    /// A socket to be made in a namespace.
    public struct SocketPlan: Sendable {
        /// A socket option and its value.
        public enum Option: Sendable {
            /// An integer option
            case number(level: Int32, name: Int32, Int32)
            /// SO_ATTACH_FILTER
            case filter([BPFProgram.Instruction])
        }

        /// Names it in an error.
        public var what: String
        /// socket(2)
        public var domain, type, protocolNumber: Int32
        /// Set before it is bound.
        public var options: [Option] = []
        /// What it is bound to: a whole sockaddr; empty for nothing.
        public var address: [UInt8] = []
        /// listen(2), if above 0
        public var backlog: Int32 = 0
    }

    /// Steps in R before init exists.
    public var relayBefore: [Step] = []
    /// Steps in R once init's namespaces exist.
    public var relay: [Step] = []
    /// Sockets of R, in the order of `RelaySocket`.
    public var relaySockets: [SocketPlan] = []
    /// Listeners that the agent can mint, their port to be filled in: IPv4, then IPv6 if there is any.
    public var listeners: [SocketPlan] = []
    /// Steps in the worker's mount namespace.
    public var mounts: [Step] = []
    /// Steps in W once the link stands.
    public var worker: [Step] = []
    /// Ports of the host's loopback that are let in.
    public var loopback: [HostLoopbackPort] = []
    /// Sockets of W: one for sock_diag(7), then those for the ports.
    public var workerSockets: [SocketPlan] = []
    /// How ids are mapped.
    public var identity: Identity
    /// The command.
    public var command: CommandPlan
    /// Where core dumps of the command would go.
    public var coreDumps: CoreDumps
    /// The Landlock domain that the command enters.
    public var landlock: LandlockDomain
    /// The command's system-call filter.
    public var filter: [BPFProgram.Instruction] = []
    /// Whether the command is shown, all else done, before it is executed; see `hold()`.
    public private(set) var isHeld = false

    /// Has the command shown to `Launcher.launch(examine:)`, with a netlink socket of R and one of W to ask for their links.
    public mutating func hold() {
        isHeld = true
        relaySockets.append(Self.links)
        workerSockets.append(Self.links)
    }
}

/// The command as it is to be executed.
public struct CommandPlan: Sendable {
    /// Paths to try, in order.
    public var candidates: [String]
    /// argv, with argv[0].
    public var arguments: [[UInt8]]
    /// "NAME=value" strings.
    public var environment: [[UInt8]]
    /// A terminal whose foreground the command gets, or -1.
    public var terminal: Int32
    /// Capabilities it keeps, as a mask.
    public var capabilities: UInt64

    /// A command.
    public init(
        candidates: [String],
        arguments: [[UInt8]],
        environment: [[UInt8]],
        terminal: Int32,
        capabilities: UInt64
    ) {
        self.candidates = candidates
        self.arguments = arguments
        self.environment = environment
        self.terminal = terminal
        self.capabilities = capabilities
    }
}
