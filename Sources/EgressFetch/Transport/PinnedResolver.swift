// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressRequests
import NIOCore
import NIOPosix

/// Answers with the addresses of a verdict and never asks anyone, so that a connection can lead nowhere else.
///
/// It stands where NIO would put a resolver of the system's; NIO's own Happy Eyeballs (RFC 8305) then tries the addresses.
struct PinnedResolver: Resolver, Sendable {
    private let loop: any EventLoop
    private let pins: [(address: SocketAddress, pin: PinnedAddress)]

    init(_ pinned: [PinnedAddress], on loop: any EventLoop) throws {
        self.loop = loop
        pins = try pinned.map { pin in
            let bytes = ByteBuffer(bytes: pin.address.networkBytes)
            return (try SocketAddress(packedIPAddress: bytes, port: Int(pin.port)), pin)
        }
    }

    /// The pin that a connection leads to.
    func pin(of address: SocketAddress?) -> PinnedAddress? {
        pins.first { $0.address == address }?.pin
    }

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        loop.makeSucceededFuture(pins.map(\.address).filter { $0.protocol == .inet })
    }

    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        loop.makeSucceededFuture(pins.map(\.address).filter { $0.protocol == .inet6 })
    }

    func cancelQueries() {}
}
