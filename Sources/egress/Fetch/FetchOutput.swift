// SPDX-License-Identifier: Apache-2.0

import EgressFetch
import EgressText
import Glibc
import LinuxSystem
import NIOCore
import Synchronization

/// Where a body goes.
protocol FetchOutput: FetchSink {
    /// Settles it. `isWanted` is false when the body is not whole, or is that of an error. Returns a complaint.
    func finish(isWanted: Bool) -> String?
    /// The body, if it was kept in memory.
    var kept: [UInt8]? { get }
}

/// Writing it failed; the text is for people.
struct OutputError: Error, CustomStringConvertible {
    let description: String

    /// Writes all bytes, waiting for room.
    static func writeAll(_ bytes: ByteBuffer, to descriptor: Int32) throws(OutputError) {
        var rest = bytes
        while rest.readableBytes > 0 {
            let count = unsafe rest.withUnsafeReadableBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw OutputError(description: SystemError("writing the body", code: errno).description)
            }
            rest.moveReaderIndex(forwardBy: count)
        }
    }
}

/// Standard output.
final class StreamOutput: FetchOutput {
    private let isGuarded: Bool
    private let showsHeader: Bool

    /// - Parameters:
    ///   - isGuarded: Whether to refuse what would steer a terminal.
    ///   - showsHeader: Whether the header is what was asked for.
    init(isGuarded: Bool, showsHeader: Bool) {
        self.isGuarded = isGuarded
        self.showsHeader = showsHeader
    }

    var kept: [UInt8]? { nil }

    func begin(_ head: FetchHead) throws {
        guard showsHeader else { return }
        let lines = ["\(head.status)"] + head.headers.map { "\($0.name): \($0.value)".printable }
        try OutputError.writeAll(ByteBuffer(string: lines.map { $0 + "\n" }.joined()), to: 1)
    }

    func write(_ bytes: ByteBuffer) throws {
        if isGuarded,
            bytes.readableBytesView.contains(where: { $0 < 0x20 && !(0x08...0x0d).contains($0) || $0 == 0x7f })
        {
            throw OutputError(
                description:
                    "the body holds control characters that would mess up the terminal: --output FILE, or --output - to see it"
            )
        }
        try OutputError.writeAll(bytes, to: 1)
    }

    func finish(isWanted: Bool) -> String? { nil }
}

/// Memory, for the JSON object.
final class MemoryOutput: FetchOutput {
    private let bytes = Mutex<[UInt8]>([])

    var kept: [UInt8]? { bytes.withLock { $0 } }

    func begin(_ head: FetchHead) {}

    func write(_ part: ByteBuffer) {
        bytes.withLock { $0.append(contentsOf: part.readableBytesView) }
    }

    func finish(isWanted: Bool) -> String? { nil }
}
