// SPDX-License-Identifier: Apache-2.0

import CZlib
import NIOCore

/// Undoes gzip (RFC 1952) and deflate (RFC 1950, and 1951 as some servers send it), a bounded piece at a time.
///
/// A piece is handed out before the next is made: a kilobyte that unfolds into a megabyte never lies in memory whole.
@safe final class Inflater {
    enum Format {
        case gzip
        case deflate
    }

    /// The size of a piece.
    static let pieceSize = 64 << 10

    private let format: Format
    private let stream: UnsafeMutablePointer<z_stream>
    private var isOpen = false
    private var isAtEnd = false
    private var start: [UInt8] = []

    init(_ format: Format) {
        self.format = format
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
    }

    deinit {
        if isOpen { unsafe inflateEnd(stream) }
        unsafe stream.deinitialize(count: 1)
        unsafe stream.deallocate()
    }

    /// Unfolds the next piece of what `input` holds into `output`, which is cleared; empty when more input is needed.
    func next(_ input: inout ByteBuffer, into output: inout ByteBuffer) throws(FetchError) {
        output.clear(minimumCapacity: Self.pieceSize)
        guard try isReady(&input) else { return }
        var code = Z_OK
        let used = unsafe input.withUnsafeReadableBytes { source in
            unsafe stream.pointee.next_in = UnsafeMutablePointer(
                mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self)
            )
            unsafe stream.pointee.avail_in = UInt32(clamping: source.count)
            unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.pieceSize) { target in
                unsafe stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
                unsafe stream.pointee.avail_out = UInt32(Self.pieceSize)
                code = unsafe inflate(stream, Z_NO_FLUSH)
                return unsafe Self.pieceSize - Int(stream.pointee.avail_out)
            }
            return unsafe source.count - Int(stream.pointee.avail_in)
        }
        input.moveReaderIndex(forwardBy: used)
        switch code {
        case Z_STREAM_END: isAtEnd = true
        // Z_BUF_ERROR: no progress was possible, which is no error (zlib.h).
        case Z_OK, Z_BUF_ERROR: break
        default: throw damaged("the compressed content is damaged")
        }
    }

    /// Says that no more input comes.
    func finish() throws(FetchError) {
        // A response without content may keep the field that says how it would have been coded.
        guard isAtEnd || !isOpen && start.isEmpty else { throw damaged("the compressed content is cut short") }
    }

    /// Whether there may be something to unfold; opens the stream, or the next one of several (RFC 1952, section 2.2).
    private func isReady(_ input: inout ByteBuffer) throws(FetchError) -> Bool {
        if input.readableBytes == 0 { return isOpen && !isAtEnd }
        if !isOpen {
            guard let bits = windowBits(&input) else { return false }
            let code = unsafe inflateInit2_(stream, bits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
            guard code == Z_OK else { throw damaged("the compressed content cannot be read") }
            isOpen = true
        } else if isAtEnd {
            guard format == .gzip, input.getInteger(at: input.readerIndex, as: UInt8.self) == 0x1f else {
                throw damaged("something follows the compressed content")
            }
            guard unsafe inflateReset(stream) == Z_OK else { throw damaged("the compressed content is damaged") }
            isAtEnd = false
        }
        return true
    }

    /// What inflateInit2 (zlib.h) calls so: 16 more for gzip, negative for deflate without the header of zlib.
    private func windowBits(_ input: inout ByteBuffer) -> Int32? {
        if format == .gzip { return 15 + 16 }
        // Both bytes of a header of zlib are needed to tell it from none.
        start += input.readBytes(length: min(2 - start.count, input.readableBytes)) ?? []
        guard start.count == 2 else { return nil }
        let hasHeader = start[0] & 0xf == 8 && (Int(start[0]) << 8 | Int(start[1])) % 31 == 0
        var whole = ByteBuffer(bytes: start)
        whole.writeBuffer(&input)
        input = whole
        return hasHeader ? 15 : -15
    }

    private func damaged(_ text: String) -> FetchError { FetchError(.decodingFailed, text) }
}
