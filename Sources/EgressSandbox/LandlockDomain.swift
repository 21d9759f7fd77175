// SPDX-License-Identifier: Apache-2.0

/// What a Landlock domain denies the command (landlock(7)): a second wall, behind the namespaces and the filter. Nothing rests on
/// it; where the kernel has it, what gets past the others has to get past it as well.
///
/// The supervisor is outside of the domain, and performs connect(2) and bind(2) for the command, so that what is allowed passes.
public struct LandlockDomain: Sendable, Equatable {
    /// LANDLOCK_ACCESS_FS_*
    public let files: UInt64
    /// LANDLOCK_ACCESS_NET_*
    public let network: UInt64
    /// LANDLOCK_SCOPE_*
    public let scoped: UInt64

    private static let bindTCP: UInt64 = 1 << 0
    private static let connectTCP: UInt64 = 1 << 1
    private static let abstractUnixSocket: UInt64 = 1 << 0
    private static let signal: UInt64 = 1 << 1
    private static let refer: UInt64 = 1 << 13
    private static let resolveUnix: UInt64 = 1 << 16

    /// All that an ABI has of it.
    ///
    /// - Parameter abi: the version of the kernel's ABI; nil without Landlock
    public init(abi: Int?) {
        let abi = abi ?? 0
        // ABI 4: Linux 6.7
        network = abi >= 4 ? Self.connectTCP | Self.bindTCP : 0
        // ABI 6: Linux 6.12
        scoped = abi >= 6 ? Self.abstractUnixSocket | Self.signal : 0
        // ABI 9: Linux 7.1. Sockets that the domain itself made are not denied. A domain that handles any right on files has to
        // say that files may be moved and linked between directories (LANDLOCK_ACCESS_FS_REFER).
        files = abi >= 9 ? Self.resolveUnix | Self.refer : 0
    }

    /// What it denies, in words; empty where the kernel has none of it.
    public var denials: [String] {
        [
            (network & Self.connectTCP, "TCP connect"), (network & Self.bindTCP, "TCP bind"),
            (scoped & Self.abstractUnixSocket, "abstract sockets"), (scoped & Self.signal, "signals"),
            (files & Self.resolveUnix, "unix sockets by path"),
        ].filter { $0.0 != 0 }.map(\.1)
    }
}

extension LandlockDomain: CustomStringConvertible {
    /// "TCP connect, abstract sockets, signals", or "none"
    public var description: String { denials.isEmpty ? "none" : denials.joined(separator: ", ") }
}
