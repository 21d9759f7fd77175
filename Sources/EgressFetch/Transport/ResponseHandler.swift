// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// The last handler of a connection, or of a stream of HTTP/2: passes the parts of a response on, and reads no faster than
/// they are taken.
final class ResponseHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    private let stream: ResponseStream
    private let count: WireCount
    private var isOver = false
    private var isUrgent = false
    private var isFlushPlanned = false

    private static let worthWaking = 1 << 20, moment = TimeAmount.milliseconds(1)

    init(_ stream: ResponseStream, _ count: WireCount) {
        self.stream = stream
        self.count = count
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            // Interim responses (RFC 9110, section 15.2), which the decoder of HTTP/1.1 has dropped already.
            if (102...199).contains(head.status.code) || head.status.code == 100 { return }
            if let complaint = ResponseFraming.complaint(about: head) { return end(context, complaint) }
            stream.put(.head(head))
            isUrgent = true
        case .body(let bytes):
            count.count(content: bytes.readableBytes)
            if bytes.readableBytes > 0 { stream.put(.body(bytes)) }
        case .end:
            isOver = true
            stream.put(.end)
            stream.flush()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // To wake the reader's thread costs more than to read a little: a head goes at once, content in large pieces, or
        // after a moment in which no more came.
        if isUrgent || stream.buffered >= Self.worthWaking {
            isUrgent = false
            stream.flush()
        } else if !isFlushPlanned {
            isFlushPlanned = true
            context.eventLoop.assumeIsolated().scheduleTask(in: Self.moment) {
                self.isFlushPlanned = false
                self.stream.flush()
            }
        }
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        let loop = context.eventLoop, channel = context.channel
        // The reader resumes from its own thread; the read asked for then comes by here again.
        if !stream.pauses({ loop.execute { channel.read() } }) { context.read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(context, FetchError(describing: error))
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !isOver {
            end(context, FetchError(.connectionClosed, "the server closed the connection before the response ended"))
        }
        context.fireChannelInactive()
    }

    private func end(_ context: ChannelHandlerContext, _ error: FetchError) {
        isOver = true
        stream.fail(error)
        context.close(promise: nil)
    }
}
