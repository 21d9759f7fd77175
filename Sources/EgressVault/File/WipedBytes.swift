// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Bytes that are overwritten before their memory is given back: what plaintext and keys are kept in.
///
/// Swift may move and copy an array; this memory stays where it is, and only its owner leads to it.
@safe struct WipedBytes: ~Copyable, @unchecked Sendable {
    private var room: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(capacity: Int) {
        unsafe room = .allocate(byteCount: max(capacity, 1), alignment: 16)
    }

    init(copying bytes: UnsafeRawBufferPointer) {
        self.init(capacity: bytes.count)
        unsafe append(bytes)
    }

    deinit { unsafe Self.wipe(room) }

    /// Whether there are none.
    var isEmpty: Bool { count == 0 }

    /// Lends the bytes; the pointer must not leave `body`.
    func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeRawBufferPointer(rebasing: room[..<count]))
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        reserve(bytes.count)
        unsafe UnsafeMutableRawBufferPointer(rebasing: room[count...]).copyMemory(from: bytes)
        count += bytes.count
    }

    mutating func append(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            reserve(1)
            unsafe room[count] = byte
            count += 1
        }
    }

    /// Appends an integer, the most significant byte first.
    mutating func append(bigEndian value: some FixedWidthInteger) {
        unsafe withUnsafeBytes(of: value.bigEndian) { unsafe append($0) }
    }

    /// read(2) into what follows the bytes, at most `limit` of them; its result.
    mutating func read(from descriptor: Int32, limit: Int) -> Int {
        reserve(limit)
        let result = unsafe Glibc.read(descriptor, room.baseAddress.map { unsafe $0 + count }, limit)
        if result > 0 { count += result }
        return result
    }

    /// Drops bytes at the end, and overwrites them.
    mutating func removeLast(_ number: Int) {
        let kept = max(0, count - number)
        unsafe Self.overwrite(UnsafeMutableRawBufferPointer(rebasing: room[kept..<count]))
        count = kept
    }

    /// Overwrites memory that somebody else owns.
    static func overwrite(_ room: UnsafeMutableRawBufferPointer) {
        // explicit_bzero(3): a compiler may leave out a memset(3) of memory that is freed next.
        if let base = room.baseAddress { unsafe explicit_bzero(base, room.count) }
    }

    private mutating func reserve(_ more: Int) {
        let size = unsafe room.count
        guard count + more > size else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count + more, 2 * size), alignment: 16)
        unsafe larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: room[..<count]))
        unsafe Self.wipe(room)
        unsafe room = larger
    }

    private static func wipe(_ room: UnsafeMutableRawBufferPointer) {
        unsafe overwrite(room)
        unsafe room.deallocate()
    }
}
