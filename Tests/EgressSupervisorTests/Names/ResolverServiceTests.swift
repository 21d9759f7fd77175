// SPDX-License-Identifier: Apache-2.0

import EgressDNS
import EgressPolicy
import Glibc
import LinuxSystem
import Testing

@testable import EgressSupervisor

/// The resolver's sockets, with a worker and an upstream server played by the test, all on 127.0.0.1.
@Suite(.serialized) struct ResolverServiceTests {
    private let loop: EventLoop
    private let ledger: Ledger
    private let service: ResolverService
    private let upstream: End
    /// Where the worker asks.
    private let address, streamAddress: SocketAddress

    init(allow: String = "api.example.com:443", lookups: Int = 256) throws {
        loop = try EventLoop()
        ledger = try Ledger()
        upstream = End(try Socket.make(AF_INET, Socket.datagram).release())
        try Pair.bindToLoopback(upstream.raw)
        Socket.set(upstream.raw, Int32(IPPROTO_IP), IP_PKTINFO, 1)
        let port = try #require(Socket.localAddress(upstream.raw)).port
        let policy = Policy(allow: [try Rule.parse(allow)], deny: [])
        var limits = ResolverLimits()
        limits.lookups = lookups
        service = ResolverService(
            Resolver.Configuration(
                policy: policy,
                servers: [try #require(ServerAddress("127.0.0.1:\(port)"))],
                hosts: HostsFile(),
                extraTypes: [],
                localNames: [],
                limits: limits
            ),
            loop: loop,
            reporter: ledger.reporter,
            reachesIPv6: { true }
        )
        let datagrams = try Socket.make(AF_INET, Socket.datagram)
        try Pair.bindToLoopback(datagrams.raw)
        Socket.set(datagrams.raw, Int32(IPPROTO_IP), IP_PKTINFO, 1)
        address = try #require(Socket.localAddress(datagrams.raw))
        let streams = try Socket.make(AF_INET, Socket.stream)
        try Pair.bindToLoopback(streams.raw)
        try #require(listen(streams.raw, 256) == 0)
        streamAddress = try #require(Socket.localAddress(streams.raw))
        try service.add(datagrams: datagrams)
        try service.add(streams: streams)
    }

    /// A question, of type A unless told otherwise (RFC 1035, section 4).
    private func query(_ name: String, id: UInt8 = 7, type: UInt8 = 1) -> [UInt8] {
        let labels = name.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
        return [0, id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0] + labels + [0, 0, type, 0, 1]
    }

    private func client(_ type: Int32) throws -> End {
        let client = End(try Socket.make(AF_INET, type).release())
        let result = Socket.connect(client.raw, to: type == Socket.stream ? streamAddress : address)
        try #require(result == 0 || result == EINPROGRESS)
        return client
    }

    /// Runs the loop until something comes; what came, or nothing after five seconds.
    private func run<Result>(_ poll: () throws -> Result?) throws -> Result? {
        let limit = monotonicNow() + 5_000_000_000
        while monotonicNow() < limit {
            if let result = try poll() { return result }
            try loop.wait(until: monotonicNow() + 1_000_000)
            service.tick(now: monotonicNow())
        }
        return nil
    }

    private func answer(_ client: End) throws -> [UInt8]? {
        try run {
            if case (.bytes, let bytes) = client.receive() { return bytes }
            return nil
        }
    }

    /// The upstream server's answer to what it was asked: one address, or another response code.
    private func answerUpstream(_ addresses: [[UInt8]], code: UInt8 = 0) throws {
        var buffer = [UInt8](repeating: 0, count: 1500)
        let asked = try #require(try run { Socket.receiveWithDestination(upstream.raw, into: &buffer) })
        let end = try #require(asked.bytes.dropFirst(12).firstIndex(of: 0)) + 5
        var answer = Array(asked.bytes[..<end])
        answer.replaceSubrange(2..<12, with: [0x81, 0x80 | code, 0, 1, 0, UInt8(addresses.count), 0, 0, 0, 0])
        for address in addresses {
            answer += [0xc0, 12, 0, address.count == 4 ? 1 : 28, 0, 1, 0, 0, 0, 60, 0, UInt8(address.count)] + address
        }
        #expect(Socket.send(upstream.raw, answer, to: asked.sender) == 0)
    }

    @Test func `a denied name is answered at once and asked of nobody`() throws {
        let client = try client(Socket.datagram)
        _ = client.send(query("evil.example.com")[...])
        let bytes = try #require(try answer(client))
        #expect(bytes[1] == 7)
        #expect(bytes[3] & 15 == 3, "NXDOMAIN")
        #expect(upstream.receive().0 == .wouldBlock)
        #expect(ledger.count(#""event":"name""#, #""decision":"deny""#, "evil.example.com") == 1)
    }

    @Test func `an allowed name is asked for, answered and pinned`() throws {
        let client = try client(Socket.datagram)
        let pinned = try #require(IPAddress("93.184.216.34"))
        #expect(service.names(pinnedTo: pinned, at: monotonicNow()).isEmpty)
        _ = client.send(query("api.example.com")[...])
        try answerUpstream([[93, 184, 216, 34]])
        let bytes = try #require(try answer(client))
        #expect(bytes[3] & 15 == 0)
        #expect(bytes.contains(subsequence: [93, 184, 216, 34]))
        #expect(service.names(pinnedTo: pinned, at: monotonicNow()) == [try Host("api.example.com")])
        #expect(loop.count == 2, "the upstream socket is closed")
    }

    @Test func `one private address voids an answer`() throws {
        let client = try client(Socket.datagram)
        _ = client.send(query("api.example.com")[...])
        try answerUpstream([[93, 184, 216, 34], [10, 0, 0, 1]])
        let bytes = try #require(try answer(client))
        #expect(bytes[3] & 15 != 0)
        #expect(!bytes.contains(subsequence: [93, 184, 216, 34]))
        let address = try #require(IPAddress("93.184.216.34"))
        #expect(service.names(pinnedTo: address, at: monotonicNow()).isEmpty)
    }

    @Test func `the gate is told of the network's NAT64 prefix before an address is answered`() throws {
        let client = try client(Socket.datagram)
        var learnt: [[TranslationPrefix]] = []
        service.onTranslation = { learnt.append($0) }
        let prefix: [UInt8] = [0x26, 6, 0x47, 0, 0, 0x64, 0, 0, 0, 0, 0, 0]
        _ = client.send(query("api.example.com", type: 28)[...])
        // The first question is for ipv4only.arpa.
        try answerUpstream([prefix + [192, 0, 0, 170]])
        try answerUpstream([prefix + [10, 0, 0, 1]])
        let bytes = try #require(try answer(client))
        #expect(bytes[3] & 15 == 3, "NXDOMAIN")
        #expect(learnt.map { $0.map(\.description) } == [["2606:4700:64::/96"]])
        #expect(ledger.count(#""decision":"deny""#, "which stands for 10.0.0.1") == 1)
    }

    @Test(
        arguments: [
            ("", false), ("00000000000000000000000000000001 01 80 10 80       lo\n", false),
            ("fe800000000000000000000000000001 02 40 20 80     eth0\n", false),
            ("fd000000000000000000000000000001 02 40 00 80     eth0\n", true),
            (
                "00000000000000000000000000000001 01 80 10 80       lo\n26064700000000000000000000000001 02 40 00 80 eth0\n",
                true
            ),
            ("scraps\n", true),
        ]
    )
    func `IPv6 leads somewhere with an address that reaches beyond its link`(_ table: String, _ leads: Bool) {
        #expect(ResolverService.reachesBeyondLink(Array(table.utf8)) == leads)
    }

    @Test func `IPv6 leads somewhere when that can't be read`() {
        #expect(ResolverService.reachesBeyondLink(nil))
    }

    @Test func `a stream has an answer for each message in it`() throws {
        let client = try client(Socket.stream)
        let messages = [query("a.evil.com", id: 1), query("b.evil.com", id: 2)]
        _ = client.send(messages.flatMap { [0, UInt8($0.count)] + $0 }[...])
        var received: [UInt8] = []
        var ids: Set<UInt8> = []
        _ = try run { () -> Bool? in
            received += client.receiveAll()
            while received.count >= 2, received.count >= 2 + Int(received[0]) << 8 + Int(received[1]) {
                ids.insert(received[3])
                received.removeFirst(2 + Int(received[0]) << 8 + Int(received[1]))
            }
            return ids.count == 2 ? true : nil
        }
        #expect(ids == [1, 2])
    }

    @Test func `a stream that sends nothing more is still answered`() throws {
        let client = try client(Socket.stream)
        let question = query("api.example.com")
        _ = client.send(([0, UInt8(question.count)] + question)[...])
        Socket.shutdownWriting(client.raw)
        try answerUpstream([[93, 184, 216, 34]])
        let bytes = try #require(try answer(client))
        #expect(bytes.contains(subsequence: [93, 184, 216, 34]))
        #expect(try run { loop.count == 2 ? true : nil } == true, "and closed then")
    }

    @Test func `an idle stream is closed`() throws {
        let client = try client(Socket.stream)
        #expect(try run { loop.count == 3 ? true : nil } == true)
        service.tick(now: monotonicNow() + ResolverService.streamTimeout)
        #expect(client.receive().0 == .end)
        #expect(loop.count == 2)
    }

    @Test func `there are only so many streams`() throws {
        let callers = Callers()
        service.callers = callers
        /// Clients of a program; how many of them are refused.
        func refused(_ count: Int, by program: Int32) throws -> (Int, [End]) {
            let clients = try (0..<count).map { _ in
                let client = try client(Socket.stream)
                let local = try #require(Socket.localAddress(client.raw))
                callers.note(Callers.Note(program: program), for: FlowKey(worker: local, remote: streamAddress), .tcp)
                return client
            }
            for _ in 0..<5 { try loop.wait(until: monotonicNow() + 1_000_000) }
            return (clients.count { $0.receive().0 != .wouldBlock }, clients)
        }
        let share = ResolverService.maximumStreamsShare, rest = ResolverService.maximumStreams - share
        let greedy = try refused(share + 3, by: 1)
        #expect(greedy.0 == 3)
        let other = try refused(rest, by: 2)
        #expect(other.0 == 0, "there is room for another program")
        #expect(loop.count == 2 + ResolverService.maximumStreams)
        #expect(try refused(2, by: 3).0 == 2, "until all are taken")
        withExtendedLifetime((greedy, other)) {}
    }

    @Test func `names that one program looks up leave room for another's`() throws {
        let world = try ResolverServiceTests(allow: "*.example.com", lookups: 8)
        try world.lookUpMany()
    }

    private func lookUpMany() throws {
        let callers = Callers()
        service.callers = callers
        callers.socket = { UInt64($0.port) }
        var kept: [End] = []
        func ask(_ name: String, by program: Int32) throws {
            let client = try client(Socket.datagram)
            let local = try #require(Socket.localAddress(client.raw))
            let note = Callers.Note(program: program, socket: UInt64(local.port))
            callers.note(note, for: FlowKey(worker: local, remote: .v4(0x7f00_0001, port: 53)), .udp)
            _ = client.send(query(name)[...])
            kept.append(client)
            try loop.wait(until: monotonicNow() + 100_000_000)
        }
        func asked() -> Int {
            var buffer = [UInt8](repeating: 0, count: 1500)
            var count = 0
            while Socket.receiveWithDestination(upstream.raw, into: &buffer) != nil { count += 1 }
            return count
        }
        for number in 0..<10 { try ask("n\(number).example.com", by: 1) }
        #expect(asked() == 4, "half of what can be looked up at a time")
        try ask("other.example.com", by: 2)
        #expect(asked() == 1)
        #expect(ledger.count("limit_reached") == 0)
    }

    /// What waits to be accepted keeps the listener readable: the loop would spin until a descriptor is free.
    @Test func `without descriptors a stream is refused`() async {
        await #expect(processExitsWith: .success) {
            try ResolverServiceTests().refuseStreams()
        }
    }

    private func refuseStreams() throws {
        let client = try client(Socket.stream)
        // As many as there are.
        var limit = rlimit(rlim_cur: 64, rlim_max: 64)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        while unsafe open("/dev/null", O_RDONLY) >= 0 {}
        precondition(errno == EMFILE, "the probe: no descriptor is left")
        try loop.wait(until: monotonicNow() + 1_000_000_000)
        precondition(client.receive().0 == .failed(ECONNRESET), "refused")
        let start = monotonicNow()
        try loop.wait(until: start + 50_000_000)
        precondition(monotonicNow() >= start + 50_000_000, "and the loop waits")
    }
}

extension [UInt8] {
    fileprivate func contains(subsequence: [UInt8]) -> Bool {
        indices.contains { self[$0...].starts(with: subsequence) }
    }
}
