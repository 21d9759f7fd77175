// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import NIOCore
import NIOSSL
import NIOTLS

/// The handshake on a fresh connection.
enum TLSHandshake {
    /// The protocol that was agreed on, if any. Fails when the certificate is not the host's.
    static func perform(
        _ channel: any Channel,
        _ target: ConnectionTarget,
        _ context: NIOSSLContext
    ) -> EventLoopFuture<String?> {
        let host: String? = if case .name(let host) = target.url.host { host.description } else { nil }
        let done = channel.eventLoop.makePromise(of: String?.self)
        let timeout = channel.eventLoop.scheduleTask(deadline: target.deadline) {
            done.fail(FetchError(.connectTimeout, "TLS was not set up in time"))
        }
        do {
            // For an address there is no server name (RFC 6066, section 3); its certificate is checked all the same.
            let tls = try NIOSSLClientHandler(context: context, serverHostname: host)
            try channel.pipeline.syncOperations.addHandlers([tls, HandshakeWaiter(done, target.url.host)])
        } catch {
            done.fail(error)
        }
        done.futureResult.whenComplete { _ in timeout.cancel() }
        return done.futureResult
    }
}

/// Waits for the end of the handshake and looks at the certificate before anything is sent.
private final class HandshakeWaiter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let done: EventLoopPromise<String?>
    private let host: WebURL.Authority
    private var isOver = false

    init(_ done: EventLoopPromise<String?>, _ host: WebURL.Authority) {
        self.done = done
        self.host = host
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        isOver = true
        let tls = try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
        guard let certificate = tls?.peerCertificate, CertificateName.matches(certificate, host) else {
            return done.fail(FetchError(.tlsFailed, "the certificate is not for '\(host)'"))
        }
        done.succeed(negotiated)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard isOver else { return done.fail(error) }
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isOver { done.fail(FetchError(.tlsFailed, "the server closed the connection during the handshake")) }
        context.fireChannelInactive()
    }
}
