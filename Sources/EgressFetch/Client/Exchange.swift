// SPDX-License-Identifier: Apache-2.0

import EgressRequests
import NIOCore
import NIOHTTP1

/// One request and its response, on a connection of their own.
struct Exchange: Sendable {
    let connection: Connection
    private let target: ConnectionTarget
    /// The one for the header stands first.
    private let deadlines: [Scheduled<Void>]
    /// What arrived and was not looked at yet.
    private var rest: [ResponseStream.Part] = []

    private init(connection: Connection, target: ConnectionTarget, deadlines: [Scheduled<Void>]) {
        self.connection = connection
        self.target = target
        self.deadlines = deadlines
    }

    /// Connects, and starts the clocks that end the exchange.
    static func open(
        _ verdict: EgressPolicyVerdict,
        _ limits: FetchLimits,
        _ end: NIODeadline,
        _ client: FetchClient
    ) async throws(FetchError) -> Exchange {
        let target = ConnectionTarget(verdict, deadline: min(end, .now() + TimeAmount(limits.connectTimeout)))
        do {
            let connection = try await Connection.open(target, client.trust, on: client.loop)
            let channel = connection.channel, stream = target.stream
            func schedule(_ deadline: NIODeadline, _ error: FetchError) -> Scheduled<Void> {
                channel.eventLoop.scheduleTask(deadline: deadline) {
                    stream.fail(error)
                    channel.close(promise: nil)
                }
            }
            return Exchange(
                connection: connection,
                target: target,
                deadlines: [
                    schedule(
                        .now() + TimeAmount(limits.headerTimeout),
                        FetchError(.headerTimeout, "the server sent no whole header in time")
                    ),
                    schedule(end, FetchError(.totalTimeout, "the fetch took too long")),
                ]
            )
        } catch {
            throw NIODeadline.now() >= end
                ? FetchError(.totalTimeout, "the fetch took too long") : FetchError(describing: error)
        }
    }

    /// The bytes of content that came so far.
    var contentBytes: Int { target.count.contentBytes }

    /// Sends the request; returns the head of its response.
    mutating func send(_ head: HTTPRequestHead, _ body: [UInt8]) async throws(FetchError) -> HTTPResponseHead {
        let channel = connection.exchange
        // No write is waited for: a server may answer before it has read everything, and then close. What fails here
        // shows as the end of the response.
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        if !body.isEmpty {
            channel.write(HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: body))), promise: nil)
        }
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)

        let parts = try await next()
        guard case .head(let response)? = parts.first else {
            throw FetchError(.protocolViolation, "the response has no header")
        }
        deadlines.first?.cancel()
        rest = Array(parts.dropFirst())
        return response
    }

    /// Reads the content to its end or to the end of the budget.
    mutating func read(into reader: inout BodyReader) async throws(FetchError) {
        while true {
            for part in rest {
                switch part {
                case .head: throw FetchError(.protocolViolation, "the response has two headers")
                case .body(let bytes):
                    try await reader.take(bytes)
                    if reader.isTruncated { return try await reader.finish() }
                case .end: return try await reader.finish()
                }
            }
            rest = try await next()
        }
    }

    private func next() async throws(FetchError) -> [ResponseStream.Part] {
        let stream = target.stream
        do {
            return try await withTaskCancellationHandler {
                try await stream.next()
            } onCancel: {
                stream.fail(CancellationError())
            }
        } catch {
            throw FetchError(describing: error)
        }
    }

    /// Ends it. Nothing waits for the peer to agree.
    func close() {
        for deadline in deadlines { deadline.cancel() }
        connection.channel.close(promise: nil)
    }
}
