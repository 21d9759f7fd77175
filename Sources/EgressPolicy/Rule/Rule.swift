// SPDX-License-Identifier: Apache-2.0

/// One line of a policy: who may, or may not, be reached.
public struct Rule: Hashable, Sendable {
    /// Whom a rule names.
    public enum Target: Hashable, Sendable {
        /// Exactly this name: `example.com`.
        case host(Host)
        /// This name and all below it: `.example.com`.
        case hostAndBelow(Host)
        /// All names below this one, but not itself: `*.example.com`.
        case below(Host)
        /// Exactly this address: `93.184.216.34`.
        case address(IPAddress)
        /// Every address of a block: `10.1.0.0/16`.
        case block(AddressBlock)
    }

    /// Whom the rule names.
    public var target: Target

    /// The ports it speaks of; ``PortSet/any`` when it names none.
    public var ports: PortSet

    /// The transports it speaks of.
    public var protocols: ProtocolSet

    /// Whether the names it allows may resolve to private and special-purpose addresses.
    public var isPrivate: Bool

    /// Makes a rule; ``check(for:)`` tells whether it makes sense.
    public init(
        target: Target,
        ports: PortSet = .any,
        protocols: ProtocolSet = .all,
        isPrivate: Bool = false
    ) {
        self.target = target
        self.ports = ports
        self.protocols = protocols
        self.isPrivate = isPrivate
    }

    /// The list a rule stands in: what is too broad to allow may well be denied.
    public enum List: Sendable {
        /// Rules which open.
        case allow
        /// Rules which close, and win.
        case deny
    }
}

extension Rule.Target: CustomStringConvertible {
    /// The text of the target as rules write it, without brackets.
    public var description: String {
        switch self {
        case .host(let host): host.description
        case .hostAndBelow(let host): ".\(host)"
        case .below(let host): "*.\(host)"
        case .address(let address): address.description
        case .block(let block): block.description
        }
    }
}

extension Rule: CustomStringConvertible {
    /// The one-line form, which ``parse(_:)`` reads back.
    public var description: String {
        var text = target.description
        if text.utf8.contains(UInt8(ascii: ":")) { text = "[\(text)]" }
        if !ports.isAny { text += ":\(ports)" }
        if protocols == .tcp { text += "/tcp" }
        if protocols == .udp { text += "/udp" }
        if isPrivate { text += "/private" }
        return text
    }
}
