// SPDX-License-Identifier: Apache-2.0

/// Reads the encoded form of ``VaultContent``, as strictly as it is written.
@unsafe struct ContentReader {
    let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(bytes: UnsafeRawBufferPointer) {
        unsafe self.bytes = unsafe bytes
    }

    mutating func entries() throws(VaultDamage) -> [VaultContent.Entry] {
        let count = Int(try unsafe integer(UInt32.self))
        guard count <= VaultContent.maximumSecrets else { throw .changed }
        var entries: [VaultContent.Entry] = []
        for _ in 0..<count {
            let entry = try unsafe entry()
            if let last = entries.last {
                let isAfter = last.summary.name.utf8.lexicographicallyPrecedes(entry.summary.name.utf8)
                guard isAfter else { throw .changed }
            }
            entries.append(entry)
        }
        guard unsafe bytes[position...].allSatisfy({ $0 == 0 }) else { throw .changed }
        return entries
    }

    private mutating func entry() throws(VaultDamage) -> VaultContent.Entry {
        let name = try unsafe range(Int(integer(UInt16.self)))
        let text = unsafe String(decoding: bytes[name], as: UTF8.self)
        guard VaultEntry.isName(text) else { throw .changed }
        let created = try unsafe integer(UInt64.self), modified = try unsafe integer(UInt64.self)
        let value = try unsafe range(Int(integer(UInt32.self)))
        guard value.count <= VaultContent.maximumValue else { throw .changed }
        return VaultContent.Entry(
            summary: VaultEntry(name: text, created: created, modified: modified),
            range: value
        )
    }

    private mutating func range(_ count: Int) throws(VaultDamage) -> Range<Int> {
        guard unsafe count <= bytes.count - position else { throw .changed }
        let start = unsafe position
        unsafe position += count
        return start..<(start + count)
    }

    private mutating func integer<Value: FixedWidthInteger>(_: Value.Type) throws(VaultDamage) -> Value {
        try unsafe range(Value.bitWidth / 8).reduce(0) { unsafe $0 << 8 | Value(truncatingIfNeeded: bytes[$1]) }
    }
}
