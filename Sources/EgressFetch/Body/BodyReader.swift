// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Passes the content of a response on, unfolded and held to its budget.
struct BodyReader {
    private let budget: Int
    private let decoder: Inflater?
    private let sink: any FetchSink
    private var piece = ByteBuffer()
    private var scrubber: SecretScrubber

    /// The bytes of content that came.
    private(set) var wireBytes = 0
    /// The bytes that were passed on, before credentials were taken out.
    private(set) var bytes = 0
    /// Whether there was more than the budget allows.
    private(set) var isTruncated = false

    init(budget: UInt64, decoder: Inflater?, scrubber: SecretScrubber, sink: any FetchSink) {
        self.budget = Int(clamping: budget)
        self.decoder = decoder
        self.scrubber = scrubber
        self.sink = sink
    }

    /// Takes a part of the content; nothing more must be brought once the budget is used up.
    mutating func take(_ part: ByteBuffer) async throws(FetchError) {
        var part = part
        if part.readableBytes > budget - wireBytes {
            part = part.getSlice(at: part.readerIndex, length: budget - wireBytes) ?? ByteBuffer()
            isTruncated = true
        }
        wireBytes += part.readableBytes
        guard let decoder else { return try await pass(part) }
        let wasTruncated = isTruncated
        isTruncated = false
        while !isTruncated {
            try decoder.next(&part, into: &piece)
            guard piece.readableBytes > 0 || part.readableBytes > 0 else { break }
            let whole = piece
            try await pass(whole)
        }
        isTruncated = isTruncated || wasTruncated
    }

    /// Says that the response ended, or that no more of it is read.
    mutating func finish() async throws(FetchError) {
        if !isTruncated { try decoder?.finish() }
        if !scrubber.isEmpty { try await write(ByteBuffer(bytes: scrubber.finish())) }
    }

    private mutating func pass(_ bytes: ByteBuffer) async throws(FetchError) {
        var bytes = bytes
        if bytes.readableBytes > budget - self.bytes {
            bytes = bytes.getSlice(at: bytes.readerIndex, length: budget - self.bytes) ?? ByteBuffer()
            isTruncated = true
        }
        guard bytes.readableBytes > 0 else { return }
        self.bytes += bytes.readableBytes
        if scrubber.isEmpty { return try await write(bytes) }
        try await write(ByteBuffer(bytes: scrubber.scrub(Array(bytes.readableBytesView)[...])))
    }

    private func write(_ bytes: ByteBuffer) async throws(FetchError) {
        guard bytes.readableBytes > 0 else { return }
        do {
            try await sink.write(bytes)
        } catch {
            throw FetchError(.outputFailed, String(describing: error))
        }
    }
}
