// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The value of a secret: held once, never copied, and wiped when its owner goes.
///
/// It has no way to be printed, encoded, compared or reflected but ``withBytes(_:)``.
@safe public struct Secret: ~Copyable, @unchecked Sendable {
    // Never written after the initializer, and owned by this value alone: what makes it Sendable.
    private let memory: UnsafeMutableRawPointer

    /// Takes a copy of bytes; wiping those is the caller's duty.
    public init(copying bytes: Span<UInt8>) {
        unsafe memory = .allocate(byteCount: max(bytes.count, 1), alignment: 1)
        count = bytes.count
        for index in bytes.indices { unsafe memory.storeBytes(of: bytes[index], toByteOffset: index, as: UInt8.self) }
    }

    /// Takes a copy of bytes; wiping those is the caller's duty.
    public init(copying bytes: [UInt8]) {
        self.init(copying: bytes.span)
    }

    /// How many bytes the value has.
    public let count: Int

    /// Lends the bytes. What the body copies out of them it has to wipe.
    public borrowing func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let bytes = unsafe UnsafeRawBufferPointer(start: memory, count: count)
        return try body(unsafe Span<UInt8>(_unsafeBytes: bytes))
    }

    /// Always `<redacted>`.
    public var description: String { "<redacted>" }

    /// Always `<redacted>`.
    public var debugDescription: String { "<redacted>" }

    deinit {
        // explicit_bzero(3): unlike a plain loop it is not left out because nobody reads the memory again.
        unsafe explicit_bzero(memory, count)
        unsafe memory.deallocate()
    }
}
