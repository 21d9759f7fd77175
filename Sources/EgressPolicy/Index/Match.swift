// SPDX-License-Identifier: Apache-2.0

/// What a list of rules says about one target, as places in that list.
///
/// Of several rules that match, the first in the list is told.
struct Match {
    /// No rule.
    static let none = Int32.max

    /// The first rule that names the target, whatever its ports.
    var named = none
    /// The first of those with ``Rule/isPrivate``.
    var namedPrivate = none
    /// The first of those for every port and transport.
    var blanket = none
    /// The first rule that names the target, the port and the transport.
    var covering = none
    /// The first of those with ``Rule/isPrivate``.
    var coveringPrivate = none
    /// Whether some rule names the target and the port for the other transport.
    var isOtherTransport = false

    /// Takes in what was found elsewhere in the same list.
    mutating func formUnion(_ other: Match) {
        named = min(named, other.named)
        namedPrivate = min(namedPrivate, other.namedPrivate)
        blanket = min(blanket, other.blanket)
        covering = min(covering, other.covering)
        coveringPrivate = min(coveringPrivate, other.coveringPrivate)
        isOtherTransport = isOtherTransport || other.isOtherTransport
    }
}

/// The port and transport of a connection.
struct Service {
    let port: UInt16
    let transport: TransportProtocol
}
