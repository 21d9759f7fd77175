// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOHTTP2

/// The handlers that speak HTTP on a connection.
enum HTTPPipeline {
    /// Bounds on a response's header: of one field, and of all together, in bytes; and their number.
    static let maximumFieldSize = 32 << 10, maximumHeaderSize = 128 << 10, maximumFieldCount = 200

    /// The flow-control window of HTTP/2: what a server may send ahead of the reader.
    private static let window = 4 << 20

    /// Installs the handlers, on the channel's loop; returns where to write the request.
    static func install(
        _ channel: any Channel,
        _ target: ConnectionTarget,
        isHTTP2: Bool
    ) -> EventLoopFuture<any Channel> {
        do {
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(WireMeter(target.count, target.stream, isHTTP2: isHTTP2))
            if isHTTP2 { return try openStream(channel, target) }
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = maximumFieldSize
            limits.maxHeaderListSize = maximumHeaderSize
            limits.maxHeaderFieldCount = maximumFieldCount
            try pipeline.addHandlers([
                HTTPRequestEncoder(),
                ByteToMessageHandler(
                    HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
                ),
                ResponseHandler(target.stream, target.count),
            ])
            return channel.eventLoop.makeSucceededFuture(channel)
        } catch {
            return channel.eventLoop.makeFailedFuture(error)
        }
    }

    private static func openStream(_ channel: any Channel, _ target: ConnectionTarget) throws -> EventLoopFuture<
        any Channel
    > {
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .enablePush, value: 0),
            HTTP2Setting(parameter: .maxHeaderListSize, value: maximumHeaderSize),
            HTTP2Setting(parameter: .initialWindowSize, value: window),
        ]
        connection.targetWindowSize = window
        var streams = NIOHTTP2Handler.StreamConfiguration()
        streams.targetWindowSize = window
        try channel.pipeline.syncOperations.addHandler(FrameAligner())
        let multiplexer = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
            mode: .client,
            connectionConfiguration: connection,
            streamConfiguration: streams,
            // Streams of the server are refused: push is switched off above.
            inboundStreamInitializer: { $0.close() }
        )
        try channel.pipeline.syncOperations.addHandler(ConnectionErrors(target.stream))
        return multiplexer.createStreamChannel { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandlers([
                    HTTP2FramePayloadToHTTP1ClientCodec(httpProtocol: .https),
                    ResponseHandler(target.stream, target.count),
                ])
            }
        }
    }
}

/// Errors of the connection are errors of its only stream.
private final class ConnectionErrors: ChannelInboundHandler {
    typealias InboundIn = Any

    private let stream: ResponseStream

    init(_ stream: ResponseStream) { self.stream = stream }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        stream.fail(FetchError(describing: error))
        context.close(promise: nil)
    }
}
