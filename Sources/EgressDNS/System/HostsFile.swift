// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy

/// The names of a hosts file (hosts(5)): `192.0.2.10 www.example.com www`.
///
/// Lines and words that are no address or no host name are skipped, as libc does; scoped addresses are among them.
public struct HostsFile: Sendable, Equatable {
    private var entries: [Host: [IPAddress]] = [:]

    /// An empty file.
    public init() {}

    /// Reads the text of a hosts file, in time linear in its length.
    public init(parsing text: String) {
        for line in lines(of: text) {
            let words = words(of: line, comments: [UInt8(ascii: "#")])
            guard let first = words.first, let address = IPAddress(String(first)) else { continue }
            for word in words.dropFirst() {
                guard let host = try? Host(String(word)) else { continue }
                entries[host, default: []].append(address)
            }
        }
        // Deduplicated once at the end: a name with many lines must not cost the square of their number.
        for (host, addresses) in entries where addresses.count > 1 {
            var seen: Set<IPAddress> = []
            entries[host] = addresses.filter { seen.insert($0).inserted }
        }
    }

    /// The addresses of a name in the order of the file; empty when the file does not have it.
    public func addresses(of host: Host) -> [IPAddress] { entries[host] ?? [] }

    /// How many names the file has.
    public var count: Int { entries.count }
}
