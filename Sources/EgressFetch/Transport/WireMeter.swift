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

/// Counts what arrives and ends the connection when that is mostly waste.
final class WireMeter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let count: WireCount
    private let stream: ResponseStream
    private var isOver = false

    init(_ count: WireCount, _ stream: ResponseStream) {
        self.count = count
        self.stream = stream
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        count.count(all: unwrapInboundIn(data).readableBytes)
        context.fireChannelRead(data)
        guard count.isWasteful else { return }
        isOver = true
        stream.fail(FetchError(.protocolViolation, "the server sends far more framing than content"))
        context.close(promise: nil)
    }
}
