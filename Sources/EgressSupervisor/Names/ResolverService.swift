// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressDNS
import EgressPolicy
import Glibc
import LinuxSystem

/// The policy resolver's sockets: R's port 53 on one side, the upstream servers on the other.
///
/// All that is decided is decided by `Resolver`; this moves bytes.
final class ResolverService: EventHandler {
    /// TCP clients at a time; one more is closed.
    static let maximumStreams = 64
    /// A TCP client that is idle for this long is closed (RFC 7766, section 6.2.3), in nanoseconds.
    static let streamTimeout: UInt64 = 10_000_000_000
    /// And of one program, or of all that are not known.
    static let maximumStreamsShare = 32
    /// Datagrams that wait for an answer at a time; further ones are dropped, as any resolver under load does.
    static let maximumWaiting = 1024
    /// Questions of one TCP client that wait for an answer; with one more it is closed.
    static let maximumPipelined = 64

    private var resolver: Resolver
    private let loop: EventLoop
    private let reporter: Reporter
    private var datagramSockets: [Int32: FileDescriptorBox] = [:]
    private var streamSockets: [Int32: FileDescriptorBox] = [:]
    private var waiting: [Resolver.ClientID: WaitingDatagram] = [:]
    /// Half of what is looked up at a time for one program, or for all that are not known.
    private var waitingShares: Shares<Int32?>
    private var streamShares = Shares<Int32?>(maximum: ResolverService.maximumStreamsShare)
    private var streams: [Resolver.ClientID: DNSStream] = [:]
    private var exchanges: [Resolver.ExchangeID: UpstreamExchange] = [:]
    private let reserve = ReserveDescriptor()
    private var lastClient: UInt64 = 0
    /// Who asks, of those that wait for an answer and where it is known.
    private var askers: [Resolver.ClientID: Caller] = [:]
    /// Who connected what. Set once the gate stands.
    var callers: Callers?
    /// Takes all NAT64 prefixes of the network that are known, each time there are more.
    var onTranslation: (([TranslationPrefix]) -> Void)?
    private var toldPrefixes: [TranslationPrefix] = []
    private var buffer = [UInt8].untouched(count: 65536)

    /// A question that came in a datagram: whom to answer, from where.
    private struct WaitingDatagram {
        let socket: Int32
        let datagram: ReceivedDatagram
        let program: Int32?
    }

    init(
        _ configuration: Resolver.Configuration,
        loop: EventLoop,
        reporter: Reporter,
        reachesIPv6: @escaping @Sendable () -> Bool = { reachesBeyondLink(contents(ofFile: "/proc/self/net/if_inet6")) }
    ) {
        var configuration = configuration
        configuration.reachesIPv6 = reachesIPv6
        resolver = Resolver(configuration)
        waitingShares = Shares(maximum: configuration.limits.lookups / 2)
        self.loop = loop
        self.reporter = reporter
    }

    /// Asks the servers what has to be known before the first name.
    func prepare() {
        let now = monotonicNow()
        resolver.prepare(now: now)
        perform(now)
    }

    /// Listens for datagrams on a socket bound to port 53.
    func add(datagrams socket: consuming FileDescriptor) throws(SystemError) {
        let box = FileDescriptorBox(socket)
        datagramSockets[box.raw] = box
        try loop.add(box.raw, .readable, self)
    }

    /// Accepts connections on a socket that listens on port 53.
    func add(streams socket: consuming FileDescriptor) throws(SystemError) {
        let box = FileDescriptorBox(socket)
        streamSockets[box.raw] = box
        try loop.add(box.raw, .readable, self)
    }

    /// Under which names an address is pinned.
    func names(pinnedTo address: IPAddress, at now: UInt64) -> [Host] {
        resolver.pins.names(for: address, at: now)
    }

    /// When `tick` has to be called.
    var nextDeadline: UInt64? {
        let idle = streams.values.lazy.map { $0.lastUse + Self.streamTimeout }.min()
        return [resolver.nextDeadline, idle].compactMap(\.self).min()
    }

    /// Gives up what had its time.
    func tick(now: UInt64) {
        resolver.tick(now: now)
        for stream in streams.values where stream.lastUse + Self.streamTimeout <= now { close(stream) }
        perform(now)
    }

    func handle(_ events: Events, on descriptor: Int32) {
        if datagramSockets[descriptor] != nil {
            receiveDatagrams(descriptor)
        } else if streamSockets[descriptor] != nil {
            acceptStreams(descriptor)
        }
    }

    /// Whether a table of IPv6 addresses has one that reaches beyond its link; also when there is none to read.
    ///
    /// A line of if_inet6 holds the address, the index, the length of the prefix, the scope and flags in hexadecimal, and the
    /// name (proc_pid_net(5)); scope 0 is global, unique local addresses included (RFC 4007, RFC 4193).
    static func reachesBeyondLink(_ table: [UInt8]?) -> Bool {
        guard let table else { return true }
        return table.split(separator: UInt8(ascii: "\n")).contains { line in
            let fields = line.split(separator: UInt8(ascii: " "))
            return fields.count < 4 || fields[3].elementsEqual("00".utf8)
        }
    }

    // MARK: The worker

    private func receiveDatagrams(_ socket: Int32) {
        for _ in 0..<32 {
            guard let datagram = Socket.receiveWithDestination(socket, into: &buffer) else { break }
            guard waiting.count < Self.maximumWaiting else { continue }
            let note = SocketAddress(networkBytes: datagram.destination, port: 53).flatMap { asked in
                callers?.note(of: FlowKey(worker: datagram.sender, remote: asked), .udp)
            }
            guard waitingShares.hasRoom(for: note?.program) else { continue }
            let client = nextClient()
            waiting[client] = WaitingDatagram(socket: socket, datagram: datagram, program: note?.program)
            waitingShares.take(note?.program)
            askers[client] = note?.caller
            let now = monotonicNow()
            if !resolver.receive(query: datagram.bytes, from: client, transport: .udp, now: now) {
                stopWaiting(client)
            }
            perform(now)
            if waiting[client] == nil { askers[client] = nil }
        }
    }

    private func acceptStreams(_ socket: Int32) {
        while true {
            do {
                guard let (number, peer) = try Socket.accept(socket) else { return }
                accept(FileDescriptor(owning: number), from: peer)
            } catch {
                // As for connections: what waits is refused, or it would keep the listener readable for ever.
                guard reserve.spend(on: socket) != nil else { return }
            }
        }
    }

    private func accept(_ socket: consuming FileDescriptor, from peer: SocketAddress) {
        let asked = Socket.localAddress(socket.raw)
        let note = asked.flatMap { callers?.note(of: FlowKey(worker: peer, remote: $0), .tcp) }
        guard streams.count < Self.maximumStreams, streamShares.hasRoom(for: note?.program) else { return }
        let stream = DNSStream(FileDescriptorBox(socket), client: nextClient(), program: note?.program)
        stream.onReady = { [unowned self] stream in receive(stream) }
        guard (try? loop.add(stream.socket.raw, .readable, stream)) != nil else { return }
        streams[stream.client] = stream
        streamShares.take(stream.program)
        askers[stream.client] = note?.caller
    }

    private func receive(_ stream: DNSStream) {
        // It told its end before, and has now hung up.
        if stream.isEnded { return close(stream) }
        let isOpen = stream.read(&buffer)
        let now = monotonicNow()
        while let message = stream.takeMessage() {
            if !hasRoom(stream) { perform(now) }  // what was answered at once makes room
            guard hasRoom(stream), streams[stream.client] != nil else { return close(stream) }
            if resolver.receive(query: message, from: stream.client, transport: .tcp, now: now) {
                stream.waiting += 1
                waitingShares.take(stream.program)
            }
        }
        perform(now)
        if isOpen { return }
        // A client may shut its half down after its questions and still wait for the answers.
        if stream.isEnded, stream.waiting > 0, (try? loop.modify(stream.socket.raw, [])) != nil { return }
        close(stream)
    }

    private func hasRoom(_ stream: DNSStream) -> Bool {
        stream.waiting < Self.maximumPipelined && waitingShares.hasRoom(for: stream.program)
    }

    private func close(_ stream: DNSStream) {
        guard streams.removeValue(forKey: stream.client) != nil else { return }
        waitingShares.giveBack(stream.program, stream.waiting)
        streamShares.giveBack(stream.program)
        loop.remove(stream.socket.raw)
        askers[stream.client] = nil
        resolver.forget(stream.client)
    }

    @discardableResult
    private func stopWaiting(_ client: Resolver.ClientID) -> WaitingDatagram? {
        guard let query = waiting.removeValue(forKey: client) else { return nil }
        waitingShares.giveBack(query.program)
        return query
    }

    private func nextClient() -> Resolver.ClientID {
        lastClient += 1
        return Resolver.ClientID(lastClient)
    }

    // MARK: What the resolver wants done

    private func perform(_ now: UInt64) {
        // A failure to open a socket leads to further actions; each lookup fails a bounded number of times.
        var actions = resolver.takeActions()
        while !actions.isEmpty {
            for action in actions { perform(action, now) }
            actions = resolver.takeActions()
        }
        let prefixes = resolver.policy.translationPrefixes
        if prefixes != toldPrefixes {
            toldPrefixes = prefixes
            onTranslation?(prefixes)
        }
        // An answer that nobody is told of leaves its asker.
        if waiting.isEmpty, streams.isEmpty, !askers.isEmpty { askers = [:] }
    }

    private func perform(_ action: Resolver.Action, _ now: UInt64) {
        switch action {
        case .answer(let client, let message): answer(client, message)
        case .openUDP(let exchange, let server, let message):
            open(exchange, server, message, type: Socket.datagram, now)
        case .openTCP(let exchange, let server, let message):
            open(exchange, server, message, type: Socket.stream, now)
        case .close(let exchange):
            guard let upstream = exchanges.removeValue(forKey: exchange) else { return }
            loop.remove(upstream.socket.raw)
        case .event(let event):
            var told = AuditEvent(event)
            told.caller = askers[event.client]
            if waiting[event.client] == nil, streams[event.client] == nil { askers[event.client] = nil }
            reporter.report(told)
        }
    }

    private func answer(_ client: Resolver.ClientID, _ message: [UInt8]) {
        if let query = stopWaiting(client) {
            Socket.send(query.socket, message, to: query.datagram.sender, from: query.datagram.destination)
        } else if let stream = streams[client] {
            stream.waiting -= 1
            waitingShares.giveBack(stream.program)
            if !stream.send(message) || (stream.isEnded && stream.waiting == 0) { close(stream) }
        }
    }

    // MARK: Upstream

    private func open(
        _ id: Resolver.ExchangeID,
        _ server: ServerAddress,
        _ message: [UInt8],
        type: Int32,
        _ now: UInt64
    ) {
        do {
            let address = SocketAddress(server.address, port: server.port)
            let socket = FileDescriptorBox(try Socket.make(address.family, type))
            let exchange = UpstreamExchange(id: id, socket: socket, unsent: message, isStream: type == Socket.stream)
            let result = Socket.connect(socket.raw, to: address)
            guard result == 0 || result == EINPROGRESS else { return fail(id, result, now) }
            exchange.onReady = { [unowned self] exchange, events in receive(exchange, events) }
            try loop.add(socket.raw, exchange.isStream ? [.readable, .writable] : .readable, exchange)
            exchanges[id] = exchange
            if !exchange.isStream, let code = exchange.sendRest() { fail(id, code, now) }
        } catch {
            fail(id, error.code, now)
        }
    }

    private func receive(_ exchange: UpstreamExchange, _ events: Events) {
        let now = monotonicNow()
        if events.contains(.writable), !exchange.unsent.isEmpty {
            if let code = exchange.sendRest() { return fail(exchange.id, code, now) }
            if exchange.unsent.isEmpty { try? loop.modify(exchange.socket.raw, .readable) }
        }
        guard !events.isDisjoint(with: [.readable, .error, .hangup]) else { return }
        switch unsafe buffer.withUnsafeMutableBytes({ unsafe Socket.receive(exchange.socket.raw, $0) }) {
        case .bytes(let count) where exchange.isStream:
            resolver.receive(stream: Array(buffer[..<count]), exchange: exchange.id, now: now)
        case .bytes(let count):
            resolver.receive(datagram: Array(buffer[..<count]), exchange: exchange.id, now: now)
        case .end where exchange.isStream: resolver.streamClosed(exchange.id, now: now)
        case .end: resolver.receive(datagram: [], exchange: exchange.id, now: now)
        case .wouldBlock: return
        case .failed(let code): return fail(exchange.id, code, now)
        }
        perform(now)
    }

    private func fail(_ id: Resolver.ExchangeID, _ code: Int32, _ now: UInt64) {
        if let exchange = exchanges.removeValue(forKey: id) { loop.remove(exchange.socket.raw) }
        let failure: ServerFailure =
            switch code {
            case ECONNREFUSED: .connectionRefused
            case ENETUNREACH, EHOSTUNREACH: .unreachable
            case ETIMEDOUT: .timedOut
            default: .other(SystemError("", code: code).reason)
            }
        resolver.exchangeFailed(id, failure, now: now)
        perform(now)
    }
}
