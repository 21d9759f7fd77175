// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy

/// Why a request is denied, before any socket is opened for it.
///
/// Harmless to log and to show: it never holds the request's URL, nor the value of a header or of a secret.
public struct EgressPolicyError: Error, Hashable, Sendable {
    /// The stable code.
    public var reason: Reason
    /// One plain clause for people: what is wrong with this request, and what to do where that is known.
    public var message: String
    /// Whom the request was for, when that was read; IPv6 without brackets.
    public var host: String?
    /// The port it was for, when that was read.
    public var port: UInt16?
    /// The rule that denied it, when one did.
    public var rule: Rule?
    /// The addresses that the name resolved to, when it was resolved: all of them, not only the bad ones.
    public var addresses: [IPAddress]
    /// The text of the one allow rule that would permit the request, when one would.
    public var permittingRule: String?

    /// An error with what is known.
    public init(
        _ reason: Reason,
        _ message: String? = nil,
        host: String? = nil,
        port: UInt16? = nil,
        rule: Rule? = nil,
        addresses: [IPAddress] = [],
        permittingRule: String? = nil
    ) {
        self.reason = reason
        self.message = message ?? reason.summary
        self.host = host
        self.port = port
        self.rule = rule
        self.addresses = addresses
        self.permittingRule = permittingRule
    }
}

extension EgressPolicyError: CustomStringConvertible {
    /// `denied example.org:443: host_not_allowlisted; no rule allows this host`.
    public var description: String {
        var target = host.map { $0.utf8.contains(UInt8(ascii: ":")) ? " [\($0)]" : " \($0)" } ?? ""
        if host != nil, let port { target += ":\(port)" }
        return "denied\(target): \(reason.rawValue); \(message)"
    }
}
