// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressRequests
import NIOCore
import NIOHTTP2
import NIOPosix
import NIOSSL

/// One connection for one request, to one of the addresses of its verdict. It is never used again: a response that tries to
/// pass for two finds nobody who reads the second.
struct Connection: Sendable {
    /// The TCP connection.
    let channel: any Channel
    /// Where the request is written: the connection, or a stream of HTTP/2 on it.
    let exchange: any Channel
    /// Where the connection leads.
    let address: PinnedAddress
    /// How long TCP took.
    let connectTime: Duration
    /// How long TLS took, when there is TLS.
    let tlsTime: Duration?

    /// Whether TLS chose HTTP/2 (RFC 7301).
    var isHTTP2: Bool { exchange !== channel }

    /// What one read of the socket takes at most. Large, because each read costs a round through all handlers.
    static let readSize = 256 << 10
}

/// What a connection needs to know of its request, and where it brings the response.
struct ConnectionTarget: Sendable {
    let url: WebURL
    let addresses: [PinnedAddress]
    /// When to give up, TLS included.
    let deadline: NIODeadline
    let stream = ResponseStream()
    let count = WireCount()

    init(_ verdict: EgressPolicyVerdict, deadline: NIODeadline) {
        url = verdict.url
        addresses = verdict.resolvedAddresses
        self.deadline = deadline
    }
}

extension Connection {
    /// Connects and, for https, does the handshake and checks whose certificate it is.
    ///
    /// All of it happens in callbacks on the loop: the next handlers have to stand before the next bytes are read.
    static func open(_ target: ConnectionTarget, _ trust: TrustStore, on loop: any EventLoop) async throws -> Connection
    {
        let began = ContinuousClock.now
        let resolver = try PinnedResolver(target.addresses, on: loop)
        let context = target.url.isSecure ? try trust.context() : nil
        return try await ClientBootstrap(group: loop)
            .resolver(resolver)
            .connectTimeout(max(target.deadline - .now(), .milliseconds(1)))
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: readSize))
            // The name is for error texts: the resolver looks at none.
            .connect(host: "pinned.invalid", port: Int(target.url.port))
            .flatMap { channel in
                let connected = ContinuousClock.now
                guard let pin = resolver.pin(of: channel.remoteAddress) else {
                    channel.close(promise: nil)
                    return loop.makeFailedFuture(
                        FetchError(.connectFailed, "the connection leads to another address than the policy pinned")
                    )
                }
                let handshake =
                    context.map { TLSHandshake.perform(channel, target, $0) } ?? loop.makeSucceededFuture(nil)
                return handshake.flatMap { negotiated in
                    let secured = ContinuousClock.now
                    return HTTPPipeline.install(channel, target, isHTTP2: negotiated == "h2").map { exchange in
                        Connection(
                            channel: channel,
                            exchange: exchange,
                            address: pin,
                            connectTime: connected - began,
                            tlsTime: context == nil ? nil : secured - connected
                        )
                    }
                }
                .flatMapErrorThrowing { error in
                    channel.close(promise: nil)
                    throw error
                }
            }
            .get()
    }
}
