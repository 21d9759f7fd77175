// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTPTypes

/// Closes a connection whose peer is too slow with its request, with the next one, or in taking the answer, and one that goes
/// on sending a body that nobody wants. A byte now and then does not help: what counts is the whole.
final class RequestDeadline: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// How long each step may take.
    struct Times: Sendable {
        /// From the opening of a connection, TLS included, to the end of its first head.
        var firstHead = TimeAmount.seconds(10)
        /// From a head to the end of its body.
        var body = TimeAmount.seconds(10)
        /// From the end of a request until its answer was written, which needs a peer that reads.
        var answer = TimeAmount.seconds(30)
        /// From an answer to the end of the next head.
        var nextHead = TimeAmount.seconds(75)
    }

    /// More of a body than this is not even read and dropped.
    static let maximumBody = 256 << 10

    private let times: Times
    private var timer: Scheduled<Void>?
    private var received = 0
    /// How many heads came, and how many answers were written to their end.
    private var requests = 0, answers = 0
    /// A body is under way.
    private var isReading = false
    /// The present request has its answer, which may come before its end.
    private var isAnswered = false

    init(_ times: Times) {
        self.times = times
    }

    func handlerAdded(context: ChannelHandlerContext) {
        expect(context, within: times.firstHead)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            received = 0
            requests += 1
            isReading = true
            isAnswered = false
            expect(context, within: times.body)
        case .body(let bytes):
            received += bytes.readableBytes
            if received > Self.maximumBody {
                context.close(promise: nil)
                return
            }
        case .end:
            isReading = false
            expect(context, within: isAnswered ? times.nextHead : times.answer)
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            let written = promise ?? context.eventLoop.makePromise()
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            let own = NIOLoopBound(self, eventLoop: context.eventLoop)
            answers += 1
            let request = answers
            written.futureResult.whenSuccess { own.value.answered(request, bound.value) }
            context.write(data, promise: written)
        } else {
            context.write(data, promise: promise)
        }
    }

    /// An answer does not give the rest of a body that was refused more time.
    private func answered(_ request: Int, _ context: ChannelHandlerContext) {
        guard request == requests else { return }
        isAnswered = true
        if !isReading { expect(context, within: times.nextHead) }
    }

    private func expect(_ context: ChannelHandlerContext, within time: TimeAmount) {
        timer?.cancel()
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: time) { bound.value.close(promise: nil) }
    }
}
