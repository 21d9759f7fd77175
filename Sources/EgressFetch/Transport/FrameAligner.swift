// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Hands HTTP/2 its frames whole (RFC 9113, section 4.1).
///
/// The decoder behind it keeps the beginning of a frame together with all that came before in the same read, and copies all
/// of it when the rest comes. Here only that one frame is copied, which takes half of the work off long bodies.
final class FrameAligner: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// The beginning of a frame.
    private var start = ByteBuffer()
    private var isBypassed = false

    private static let headerSize = 9
    /// SETTINGS_MAX_FRAME_SIZE as it is unless changed, which we do not.
    private static let maximumSize = 16_384

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var input = unwrapInboundIn(data)
        if !isBypassed, start.readableBytes > 0 { complete(&input, context) }
        guard !isBypassed else { return context.fireChannelRead(wrapInboundOut(input)) }
        let whole = wholeFrames(input)
        if isBypassed { return context.fireChannelRead(wrapInboundOut(input)) }
        if let frames = input.readSlice(length: whole), whole > 0 { context.fireChannelRead(wrapInboundOut(frames)) }
        start.writeImmutableBuffer(input)
    }

    /// Adds to the frame that was begun, and passes it on when it is whole.
    private func complete(_ input: inout ByteBuffer, _ context: ChannelHandlerContext) {
        take(from: &input, upTo: Self.headerSize)
        guard let size = size(in: start, at: start.readerIndex) else { return }
        if size <= Self.headerSize + Self.maximumSize {
            take(from: &input, upTo: size)
            guard start.readableBytes == size else { return }
        } else {
            isBypassed = true
        }
        context.fireChannelRead(wrapInboundOut(start))
        start = ByteBuffer()
    }

    private func take(from input: inout ByteBuffer, upTo size: Int) {
        let missing = min(size - start.readableBytes, input.readableBytes)
        if missing > 0, let bytes = input.readSlice(length: missing) { start.writeImmutableBuffer(bytes) }
    }

    /// How many bytes are whole frames. One that is too large is the decoder's to complain about.
    private func wholeFrames(_ input: ByteBuffer) -> Int {
        var index = input.readerIndex
        while let size = size(in: input, at: index) {
            guard size <= Self.headerSize + Self.maximumSize else {
                isBypassed = true
                break
            }
            guard index + size <= input.writerIndex else { break }
            index += size
        }
        return index - input.readerIndex
    }

    /// The size of the frame whose header stands there; nil when the header is not whole.
    private func size(in buffer: ByteBuffer, at index: Int) -> Int? {
        guard index + Self.headerSize <= buffer.writerIndex,
            let high = buffer.getInteger(at: index, as: UInt8.self),
            let low = buffer.getInteger(at: index + 1, as: UInt16.self)
        else { return nil }
        return Self.headerSize + Int(high) << 16 + Int(low)
    }
}
