// SPDX-License-Identifier: Apache-2.0

import EgressRequests
import EgressVault
import FoundationEssentials
import Glibc
import Testing

/// Searches the memory of this process for a value that it holds in a disguised form only.
struct MemorySearch {
    /// Each byte changed, so that this is not what is found.
    let disguised: [UInt8]

    static let mask: UInt8 = 0xa5

    init() { disguised = (0..<48).map { _ in UInt8.random(in: 0...255) } }

    /// The value, as a secret; the copy that it is made of is overwritten.
    func secret() -> Secret {
        var plain = disguised
        for index in plain.indices { plain[index] ^= Self.mask }
        let secret = Secret(copying: plain)
        unsafe plain.withUnsafeMutableBytes { if let base = $0.baseAddress { unsafe explicit_bzero(base, $0.count) } }
        return secret
    }

    /// How often the value is in the writable memory.
    func count() throws -> Int {
        let maps = String(decoding: try Data(contentsOf: URL(filePath: "/proc/self/maps")), as: UTF8.self)
        let memory = unsafe open("/proc/self/mem", O_RDONLY | O_CLOEXEC)
        defer { close(memory) }
        let page = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { unsafe page.deallocate() }
        let own = UInt(bitPattern: page.baseAddress)
        var found = 0
        for line in maps.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 1, fields[1].hasPrefix("rw") else { continue }
            let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard ends.count == 2 else { continue }
            var start = ends[0]
            while start < ends[1] {
                // The pieces overlap by less than the value is long, so that it is in one of them, and in one only.
                // All but the room that they are read into.
                if start >= own, start < own + UInt(page.count) { start = own + UInt(page.count) }
                let end = start < own ? min(own, ends[1]) : ends[1]
                guard start < end else { break }
                let size = min(page.count, Int(end - start))
                let count = unsafe pread(memory, page.baseAddress, size, off_t(start))
                if count > 0 { found += unsafe matches(UnsafeRawBufferPointer(rebasing: page[..<count])) }
                start += UInt(max(1, size == page.count ? size - disguised.count + 1 : size))
            }
        }
        return found
    }

    private func matches(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard bytes.count >= disguised.count else { return 0 }
        let first = disguised[0] ^ Self.mask
        var found = 0
        for index in 0...(bytes.count - disguised.count) where unsafe bytes[index] == first {
            let isHere = disguised.indices.allSatisfy { unsafe bytes[index + $0] == disguised[$0] ^ Self.mask }
            if isHere { found += 1 }
        }
        return found
    }
}

struct MemoryTests {
    @Test func `a value that was used is nowhere in memory`() async {
        await #expect(processExitsWith: .success) {
            let search = MemorySearch()
            let folder = try Folder()
            let vault = try folder.makeVault()
            #expect(try search.count() == 0)
            do {
                let secret = search.secret()
                // The search finds what is there.
                #expect(try search.count() > 0)
                _ = try vault.set("a", to: secret)
            }
            #expect(try search.count() == 0)
            do {
                let secret = try vault.value(of: "a")
                #expect(secret.count == 48)
                #expect(try search.count() == 1)
            }
            #expect(try search.count() == 0)
        }
    }
}
