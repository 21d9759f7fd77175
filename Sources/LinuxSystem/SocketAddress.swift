// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// An IPv4 or IPv6 socket address in host byte order.
public enum SocketAddress: Hashable, Sendable {
    /// Address and port of a `sockaddr_in`.
    case v4(UInt32, port: UInt16)
    /// The upper and lower half of the address, and the port, of a `sockaddr_in6`.
    case v6(high: UInt64, low: UInt64, port: UInt16)

    /// The port.
    public var port: UInt16 {
        switch self {
        case .v4(_, let port), .v6(_, _, let port): port
        }
    }

    /// AF_INET or AF_INET6.
    public var family: Int32 {
        switch self {
        case .v4: AF_INET
        case .v6: AF_INET6
        }
    }

    /// AF_INET, to compare `family` with.
    public static var ipv4Family: Int32 { AF_INET }

    /// The address in network byte order: 4 or 16 bytes.
    public var networkBytes: [UInt8] {
        switch self {
        case .v4(let bits, _): (0..<4).map { UInt8(truncatingIfNeeded: bits >> (24 - 8 * UInt32($0))) }
        case .v6(let high, let low, _):
            [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * UInt64($0))) } }
        }
    }

    /// From 4 or 16 bytes in network order.
    public init?(networkBytes bytes: some Collection<UInt8>, port: UInt16) {
        switch bytes.count {
        case 4: self = .v4(bytes.reduce(0) { $0 << 8 | UInt32($1) }, port: port)
        case 16:
            self = .v6(
                high: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
                low: bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) },
                port: port
            )
        default: return nil
        }
    }

    /// From what the kernel stored; nil for another family.
    init?(_ storage: sockaddr_storage) {
        let stored = unsafe withUnsafeBytes(of: storage) { bytes -> SocketAddress? in
            let port = unsafe UInt16(bigEndian: bytes.load(fromByteOffset: 2, as: UInt16.self))
            switch Int32(storage.ss_family) {
            case AF_INET:
                return .v4(UInt32(bigEndian: unsafe bytes.load(fromByteOffset: 4, as: UInt32.self)), port: port)
            case AF_INET6:
                return .v6(
                    high: UInt64(bigEndian: unsafe bytes.load(fromByteOffset: 8, as: UInt64.self)),
                    low: UInt64(bigEndian: unsafe bytes.load(fromByteOffset: 16, as: UInt64.self)),
                    port: port
                )
            default: return nil
            }
        }
        guard let stored else { return nil }
        self = stored
    }

    /// As the kernel wants it, with its length: a `sockaddr_in` or `sockaddr_in6`.
    var storage: (sockaddr_storage, length: UInt32) {
        var storage = sockaddr_storage()
        storage.ss_family = UInt16(family)
        unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            unsafe bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
            switch self {
            case .v4(let bits, _):
                unsafe bytes.storeBytes(of: bits.bigEndian, toByteOffset: 4, as: UInt32.self)
            case .v6(let high, let low, _):
                unsafe bytes.storeBytes(of: high.bigEndian, toByteOffset: 8, as: UInt64.self)
                unsafe bytes.storeBytes(of: low.bigEndian, toByteOffset: 16, as: UInt64.self)
            }
        }
        return (storage, family == AF_INET ? 16 : 28)
    }
}
