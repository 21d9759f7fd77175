// SPDX-License-Identifier: Apache-2.0

import EgressCommandLine
import EgressDNS
import EgressPolicy
import EgressPolicyFile
import EgressSandbox
import Glibc
import LinuxSystem

/// What the options, the policy file and the system say, read and checked.
struct Settings {
    let policy: Policy
    let servers: [ServerAddress]
    let system: ResolverConfiguration
    let recordTypes: Set<RecordType>
    let loopback: [HostLoopbackPort]
    /// Unix sockets outside that the command may connect to.
    let unixPaths: [String]
    /// Whether it may have unix datagram sockets, too.
    let unixDatagrams: Bool
    /// What the command's /dev holds.
    let devices: PrivateDevices
    /// What of all this is policy, and not this machine's.
    let canonicalPolicy: String

    /// More ports than anyone opens one by one; each is a socket inside.
    private static let maximumLoopbackPorts = 48

    init(_ options: Options) throws(Failure) {
        let document = try Self.document(options)
        policy = Policy(allow: document.allow, deny: document.deny, allowPrivate: document.allowPrivate)
        system = ResolverConfiguration(parsing: text(ofFile: "/etc/resolv.conf") ?? "")
        let given = try options.dns.map { text throws(Failure) in
            guard let server = ServerAddress(text) else {
                throw Failure(
                    "--dns '\(text)' is no address (give ADDR or ADDR:PORT, as 192.0.2.53 or [2001:db8::53]:53)"
                )
            }
            return server
        }
        servers = [given, document.upstream, system.servers].first { !$0.isEmpty } ?? []
        recordTypes = Set(document.recordTypes)
        loopback = try Self.loopbackPorts(policy)
        unixPaths =
            document.unixPaths + options.allowUnix + options.allowUnixDatagram.filter { $0 != "inside" }
        unixDatagrams = document.unixDatagrams || !options.allowUnixDatagram.isEmpty
        // A signal would have a send made twice.
        if unixDatagrams, KernelProbe.listener(killable: true) == EINVAL {
            throw Failure("unix datagram sockets can't be allowed before Linux 5.19 (leave --allow-unix-datagram out)")
        }
        do { devices = try PrivateDevices(devices: options.devices, sockets: unixPaths) } catch {
            throw Failure("--device: \(error)")
        }
        canonicalPolicy = Self.canonicalText(document, given, unixPaths, unixDatagrams: unixDatagrams)
        try checkServers()
    }

    private static func canonicalText(
        _ document: PolicyDocument,
        _ dns: [ServerAddress],
        _ unix: [String],
        unixDatagrams: Bool
    ) -> String {
        var document = document
        document.unixDatagrams = unixDatagrams
        if !dns.isEmpty { document.upstream = dns }
        document.unixPaths = unix
        return document.canonicalText
    }

    /// What the policy file and the options say together.
    static func document(_ options: Options) throws(Failure) -> PolicyDocument {
        var document = PolicyDocument()
        if let path = options.policyPath {
            do { document = try PolicyDocument.load(path: path) } catch { throw Failure(error.description) }
        }
        document.allow += try rules(options.allow, "--allow", .allow)
        document.deny += try rules(options.deny, "--deny", .deny)
        if options.allowsPrivate { document.allowPrivate = true }
        return document
    }

    private static func rules(_ texts: [String], _ option: String, _ list: Rule.List) throws(Failure) -> [Rule] {
        try texts.map { text throws(Failure) in
            do { return try Rule.parse(text, for: list) } catch { throw Failure("\(option): \(error)") }
        }
    }

    private static func loopbackPorts(_ policy: Policy) throws(Failure) -> [HostLoopbackPort] {
        var result: Set<HostLoopbackPort> = []
        for (address, ports, protocols) in policy.hostLoopbackTargets {
            for port in ports.ranges.lazy.flatMap(\.self) {
                for transport in TransportProtocol.allCases where protocols.contains(transport) {
                    let number = Int32(transport == .tcp ? IPPROTO_TCP : IPPROTO_UDP)
                    result.insert(HostLoopbackPort(address: address.networkBytes, port: port, protocolNumber: number))
                }
                guard result.count <= maximumLoopbackPorts else {
                    throw Failure(
                        "rules open more than \(maximumLoopbackPorts) ports of this machine's loopback (name fewer, and /tcp or /udp)"
                    )
                }
            }
        }
        return result.sorted { ($0.port, $0.protocolNumber) < ($1.port, $1.protocolNumber) }
    }

    /// True if any rule needs a name to be resolved.
    private var needsNames: Bool {
        policy.allowRules.contains { rule in
            switch rule.target {
            case .host, .hostAndBelow, .below: true
            case .address, .block: false
            }
        }
    }

    /// Connecting a datagram socket sends nothing; it tells whether there is a way at all.
    private func checkServers() throws(Failure) {
        guard needsNames else { return }
        guard unsafe access("/etc/resolv.conf", F_OK) == 0 else {
            throw Failure(
                "/etc/resolv.conf is missing, where the command looks for its name server (an empty file is enough: "
                    + "the command sees one of its own in its place)"
            )
        }
        guard !servers.isEmpty else { return }
        var last: Int32 = 0
        for server in servers {
            let address = SocketAddress(networkBytes: server.address.networkBytes, port: server.port)
            guard let address, let socket = try? Socket.make(address.family, Socket.datagram) else { continue }
            last = Socket.connect(socket.raw, to: address)
            if last == 0 { return }
        }
        let list = servers.map(\.description).joined(separator: ", ")
        throw Failure(
            "no way to a DNS server: \(list): \(SystemError("", code: last).reason) (name one that can be reached with --dns)"
        )
    }
}

/// The content of a small text file; nil when it can't be read.
func text(ofFile path: String) -> String? {
    contents(ofFile: path).map { String(decoding: $0, as: UTF8.self) }
}
