// SPDX-License-Identifier: Apache-2.0

public import EgressPolicy

/// What a resolv.conf says (resolv.conf(5)).
public struct ResolverConfiguration: Sendable, Equatable {
    /// The servers in their order, without repeats; only those that can be reached from any network namespace's view.
    public var servers: [ServerAddress] = []
    /// The words after `nameserver` that are no usable address, for a warning: scoped (`fe80::1%eth0`), names, garbage.
    public var refusedServers: [String] = []
    /// The domains that are tried after a name with few dots; `domain` is a list of one.
    public var search: [Host] = []
    /// How many dots a name needs to be tried first as it is; at most 15, as in glibc.
    public var ndots = 1

    /// The most servers that are kept; glibc uses 3, we have a deadline of our own.
    public static let maximumServers = 8
    /// The most search domains that are kept.
    public static let maximumSearch = 32

    /// No servers.
    public init() {}

    /// Reads the text of a resolv.conf. A later `search` or `domain` replaces an earlier one; unknown lines are skipped.
    public init(parsing text: String) {
        for line in lines(of: text) {
            let words = words(of: line, comments: [UInt8(ascii: "#"), UInt8(ascii: ";")])
            guard let keyword = words.first else { continue }
            let values = words.dropFirst().map(String.init)
            switch keyword {
            case "nameserver":
                addServer(values.first)
            case "search":
                setSearch(values)
            case "domain":
                setSearch(Array(values.prefix(1)))
            case "options":
                setOptions(values)
            default:
                continue
            }
        }
    }

    private mutating func addServer(_ text: String?) {
        guard let text else { return }
        guard let server = ServerAddress(text) else {
            if refusedServers.count < Self.maximumServers { refusedServers.append(text) }
            return
        }
        guard servers.count < Self.maximumServers, !servers.contains(server) else { return }
        servers.append(server)
    }

    private mutating func setSearch(_ domains: [String]) {
        search = Array(domains.lazy.compactMap { try? Host($0) }.prefix(Self.maximumSearch))
    }

    private mutating func setOptions(_ options: [String]) {
        for option in options where option.hasPrefix("ndots:") {
            guard let dots = Int(option.dropFirst(6)), dots >= 0 else { continue }
            ndots = min(dots, 15)
        }
    }
}
