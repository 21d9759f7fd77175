// SPDX-License-Identifier: Apache-2.0

/// What is encrypted in a vault: the secrets with their names and times.
///
/// Encoded: the number of secrets (4 bytes); for each, by name in the order of its bytes, the length of the name (2), the
/// name, when it was added (8) and last set (8) in seconds since 1970, the length of the value (4), the value; then zeros to
/// a multiple of ``padding``, so that the size of the file tells little about the sizes of the values.
struct VaultContent: ~Copyable {
    static let padding = 1024
    static let maximumValue = 1 << 20
    static let maximumSecrets = 10_000

    struct Entry {
        var summary: VaultEntry
        /// Where the value stands in `bytes`.
        var range: Range<Int>
    }

    private(set) var entries: [Entry] = []
    private var bytes: WipedBytes

    /// No secrets.
    init() {
        bytes = WipedBytes(capacity: 0)
    }

    /// Reads what was decrypted. Only a writer with the key could have made it wrong.
    init(decoding bytes: consuming WipedBytes) throws(VaultDamage) {
        entries = try unsafe bytes.withBytes { bytes throws(VaultDamage) in
            var reader = unsafe ContentReader(bytes: bytes)
            return try unsafe reader.entries()
        }
        self.bytes = bytes
    }

    /// The encoded form.
    func encoded() throws(VaultError) -> WipedBytes {
        let size = entries.reduce(4) { $0 + 22 + $1.summary.name.utf8.count + $1.range.count }
        let padded = (size + Self.padding - 1) / Self.padding * Self.padding
        guard entries.count <= Self.maximumSecrets, padded + VaultHeader.tagSize <= VaultHeader.maximumBody else {
            throw .full
        }
        var result = WipedBytes(capacity: padded)
        result.append(bigEndian: UInt32(entries.count))
        for entry in entries {
            result.append(bigEndian: UInt16(entry.summary.name.utf8.count))
            result.append(entry.summary.name.utf8)
            result.append(bigEndian: entry.summary.created)
            result.append(bigEndian: entry.summary.modified)
            result.append(bigEndian: UInt32(entry.range.count))
            unsafe withValue(entry) { unsafe result.append($0) }
        }
        result.append(repeatElement(0, count: padded - size))
        return result
    }

    func entry(_ name: String) -> Entry? {
        let index = position(of: name)
        return index < entries.count && entries[index].summary.name == name ? entries[index] : nil
    }

    /// Lends the value of an entry.
    func withValue<Result: ~Copyable, Failure: Error>(
        _ entry: Entry,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe bytes.withBytes { bytes throws(Failure) in
            try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[entry.range]))
        }
    }

    /// Adds a secret or replaces its value; true if it is new.
    mutating func set(_ name: String, to value: UnsafeRawBufferPointer, at time: UInt64) -> Bool {
        let start = bytes.count
        unsafe bytes.append(value)
        let index = position(of: name)
        let isNew = index == entries.count || entries[index].summary.name != name
        if isNew {
            let summary = VaultEntry(name: name, created: time, modified: time)
            entries.insert(Entry(summary: summary, range: start..<bytes.count), at: index)
        } else {
            entries[index].summary.modified = time
            entries[index].range = start..<bytes.count
        }
        return isNew
    }

    /// Removes a secret; false if there is none.
    mutating func remove(_ name: String) -> Bool {
        let index = position(of: name)
        guard index < entries.count, entries[index].summary.name == name else { return false }
        entries.remove(at: index)
        return true
    }

    /// Where an entry of this name stands, or would.
    private func position(of name: String) -> Int {
        var low = 0, high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].summary.name.utf8.lexicographicallyPrecedes(name.utf8) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}
