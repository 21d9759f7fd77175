// SPDX-License-Identifier: Apache-2.0

/// How a server says it went (RFC 1035, section 4.1.1; twelve bits with EDNS, RFC 6891, section 6.1.3).
public struct ResponseCode: RawRepresentable, Hashable, Sendable {
    /// The number, 0 to 4095.
    public var rawValue: UInt16

    /// The code of that number; bits above the twelfth are dropped.
    public init(rawValue: UInt16) { self.rawValue = rawValue & 0x0fff }

    /// NOERROR.
    public static let noError = ResponseCode(rawValue: 0)
    /// FORMERR: the server could not read the query.
    public static let formatError = ResponseCode(rawValue: 1)
    /// SERVFAIL: the server could not find an answer.
    public static let serverFailure = ResponseCode(rawValue: 2)
    /// NXDOMAIN: there is no such name.
    public static let nameError = ResponseCode(rawValue: 3)
    /// NOTIMP: the server does not do that.
    public static let notImplemented = ResponseCode(rawValue: 4)
    /// REFUSED: the server does not want to.
    public static let refused = ResponseCode(rawValue: 5)
    /// BADVERS: the EDNS version is not known.
    public static let badVersion = ResponseCode(rawValue: 16)
    /// BADCOOKIE: the server wants to see its own cookie first (RFC 7873).
    public static let badCookie = ResponseCode(rawValue: 23)
}

extension ResponseCode: CustomStringConvertible {
    /// The mnemonic, or `RCODE` and the number.
    public var description: String {
        switch self {
        case .noError: "NOERROR"
        case .formatError: "FORMERR"
        case .serverFailure: "SERVFAIL"
        case .nameError: "NXDOMAIN"
        case .notImplemented: "NOTIMP"
        case .refused: "REFUSED"
        case .badVersion: "BADVERS"
        case .badCookie: "BADCOOKIE"
        default: "RCODE\(rawValue)"
        }
    }
}
