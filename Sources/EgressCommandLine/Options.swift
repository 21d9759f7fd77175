// SPDX-License-Identifier: Apache-2.0

/// What one command line of `egress-run` asks for, before any rule, address or file in it is looked at.
public struct Options: Equatable, Sendable {
    /// The texts of `--allow`, in order.
    public var allow: [String] = []
    /// The texts of `--deny`, in order.
    public var deny: [String] = []
    /// The file of `--policy`.
    public var policyPath: String?
    /// Whether `--allow-private` was given.
    public var allowsPrivate = false
    /// The paths of `--allow-unix`, in order.
    public var allowUnix: [String] = []
    /// The paths of `--allow-unix-datagram`, in order; `inside` names none.
    public var allowUnixDatagram: [String] = []
    /// The paths of `--device`, in order.
    public var devices: [String] = []
    /// The texts of `--dns`, in order.
    public var dns: [String] = []
    /// The file of `--audit`; `-` is standard error.
    public var auditPath: String?
    /// The bytes of `--audit-limit`; nil for any number.
    public var auditLimit: UInt64? = 64 << 20
    /// What holds the command.
    public var isolation = Isolation.netns
    /// Whether `--preload` was given: denied names are refused inside of the command's processes, too.
    public var usesPreload = false
    /// The time the tree may run, in nanoseconds; nil for any.
    public var timeout: UInt64?
    /// What `--attest` and the options for it ask for; nil without it.
    public var attestation: Attestation?
    /// How much is told on standard error.
    public var verbosity = Verbosity.normal
    /// What to run.
    public var command: Command
    /// Where in the parsed arguments the first word of the command, or the shell line, stands.
    ///
    /// Arguments may hold bytes that are not UTF-8. What is executed is taken from the process's own argument vector
    /// at this index, so that every byte arrives as it was given; `command` is for messages.
    public var commandIndex: Int

    /// Options that ask for nothing but to run a command.
    ///
    /// - Parameters:
    ///   - command: What to run.
    ///   - commandIndex: Where it stands in the arguments.
    public init(command: Command, commandIndex: Int) {
        self.command = command
        self.commandIndex = commandIndex
    }

    /// What the signed statement of the run is to say, and where it is written.
    public struct Attestation: Equatable, Sendable {
        /// The file of `--attest`.
        public var path = ""
        /// The file of `--attest-key`; nil for the usual one.
        public var keyPath: String?
        /// The text of `--worker-id`.
        public var workerID: String?
        /// The text of `--attest-nonce`.
        public var nonce: String?
        /// The seconds of `--attest-ttl`.
        public var lifetime: Int64 = 600
        /// The texts of `--attest-digest`, in order.
        public var digests: [String] = []
    }

    /// What holds the command.
    public enum Isolation: String, Equatable, Sendable {
        /// The kernel, with network namespaces of its own.
        case netns
        /// Only a library in its processes, as far as they let it.
        case preload
    }

    /// How much is told on standard error.
    public enum Verbosity: Equatable, Sendable {
        /// `-q`: errors only.
        case quiet
        /// Errors and denials.
        case normal
        /// `-v`: what was allowed as well.
        case verbose
    }

    /// What is run.
    public enum Command: Equatable, Sendable {
        /// A program and its arguments; never empty.
        case program([String])
        /// `-c`: a line for the shell, and its `$0`, `$1`...
        case shell(line: String, arguments: [String])
    }
}

/// What a command line asks `egress-run` to do.
public enum Request: Equatable, Sendable {
    /// Run a command.
    case run(Options)
    /// Print `Help.text` on standard output.
    case help
    /// Print `Help.version` on standard output.
    case version
}

/// A command line that cannot be followed; the command was not run.
public struct UsageError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, quoting the argument.
    public var message: String
    /// What to do about it.
    public var hint: String?

    init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    /// One line: the message, with the hint in brackets.
    public var description: String {
        guard let hint else { return message }
        return message + " (" + hint + ")"
    }
}
