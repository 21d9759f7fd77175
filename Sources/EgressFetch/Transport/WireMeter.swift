// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// What one connection cost, in bytes: all that arrived (behind TLS), and of that the content of the response.
final class WireCount: Sendable {
    private let all = Atomic<Int>(0), content = Atomic<Int>(0)

    /// What may arrive beside content: heads, interim responses, the frames of HTTP/2 that carry none.
    static let allowance = 384 << 10

    /// The largest share that framing may have: a byte of content in a chunk or frame of its own takes 6 to 10.
    static let framing = 16

    func count(all bytes: Int) { all.wrappingAdd(bytes, ordering: .relaxed) }

    func count(content bytes: Int) { content.wrappingAdd(bytes, ordering: .relaxed) }

    var contentBytes: Int { content.load(ordering: .relaxed) }

    /// Whether the peer sends far more than it says, as endless interim responses, chunk extensions or pings do.
    var isWasteful: Bool {
        all.load(ordering: .relaxed) > Self.allowance + Self.framing * content.load(ordering: .relaxed)
    }
}

/// Counts what arrives, ends the connection when that is mostly waste, and paces the reading of long bodies.
final class WireMeter: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = Never

    private let count: WireCount
    private let stream: ResponseStream
    /// What is left of the beginning of a status line.
    private var expected: Substring.UTF8View
    private var isOver = false
    private var total = 0
    private var sinceRead = 0

    /// From when on a body is long; what is a small read; and how long to let the next one grow then. A sender that is
    /// slower than we are would otherwise wake us for every packet, which costs more than what is in it.
    private static let longBody = 1 << 20, smallRead = 64 << 10, pause = TimeAmount.microseconds(200)

    init(_ count: WireCount, _ stream: ResponseStream, isHTTP2: Bool) {
        self.count = count
        self.stream = stream
        // The parser takes RTSP and ICE for HTTP.
        expected = Substring(isHTTP2 ? "" : "HTTP/1.").utf8
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        let buffer = unwrapInboundIn(data), bytes = buffer.readableBytes
        if !expected.isEmpty {
            let length = min(expected.count, bytes)
            guard buffer.readableBytesView.prefix(length).elementsEqual(expected.prefix(length)) else {
                return end(context, "the server does not speak HTTP/1.0 or HTTP/1.1")
            }
            expected = expected.dropFirst(length)
        }
        count.count(all: bytes)
        total += bytes
        sinceRead += bytes
        context.fireChannelRead(data)
        guard count.isWasteful else { return }
        end(context, "the server sends far more framing than content")
    }

    private func end(_ context: ChannelHandlerContext, _ text: String) {
        isOver = true
        stream.fail(FetchError(.protocolViolation, text))
        context.close(promise: nil)
    }

    func read(context: ChannelHandlerContext) {
        let isSmall = total > Self.longBody && (1..<Self.smallRead).contains(sinceRead)
        sinceRead = 0
        guard isSmall else { return context.read() }
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { context.read() }
    }
}
