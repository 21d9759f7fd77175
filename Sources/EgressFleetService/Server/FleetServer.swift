// SPDX-License-Identifier: Apache-2.0

public import EgressFleet
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
public import NIOSSL

/// The registry of a fleet as an HTTP service, with its page for people.
public struct FleetServer: Sendable {
    /// How a server is set up.
    public struct Settings: Sendable {
        /// Where it listens.
        public var address: ListenAddress
        /// Who may call.
        public var tokens: AccessTokens
        /// The certificate and key; nil to speak plain HTTP.
        public var tls: TLSConfiguration?
        /// Called with the port once connections are accepted.
        public var onListening: @Sendable (Int) -> Void

        /// Settings of these values.
        public init(
            address: ListenAddress,
            tokens: AccessTokens,
            tls: TLSConfiguration? = nil,
            onListening: @escaping @Sendable (Int) -> Void = { _ in }
        ) {
            self.address = address
            self.tokens = tokens
            self.tls = tls
            self.onListening = onListening
        }
    }

    /// Attempts without a good token: so many a second and at once from each address.
    static let strangers = (perSecond: 5, burst: 20)

    let manager: WorkerFleetManager
    let settings: Settings
    var times = RequestDeadline.Times()

    /// A server for a fleet.
    public init(_ manager: WorkerFleetManager, _ settings: Settings) {
        self.manager = manager
        self.settings = settings
    }

    /// Serves until SIGTERM or SIGINT, then answers what was asked and ends.
    public func run() async throws {
        let application = try application()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.runService() }
            group.addTask { await sweep(application.logger) }
            // The server ends first, the sweeper never by itself.
            try await group.next()
            group.cancelAll()
        }
    }

    func application() throws -> some ApplicationProtocol {
        let limits = manager.policy.requests
        let api = FleetAPI(manager: manager)
        let page = FleetPage(manager: manager, sessions: Sessions(isSecure: settings.tls != nil))
        let responder = FleetResponder(
            api: api,
            page: page,
            tokens: settings.tokens,
            limiter: RateLimiter(perSecond: limits.perSecond, burst: limits.burst),
            strangers: RateLimiter(perSecond: Self.strangers.perSecond, burst: Self.strangers.burst)
        )
        var logger = Logger(label: "egress-fleet")
        logger.logLevel = .warning
        return Application(
            responder: responder,
            server: try builder(),
            configuration: ApplicationConfiguration(
                address: .hostname(settings.address.host, port: settings.address.port),
                backlog: 1024,
                availableConnectionsDelegate: MaximumAvailableConnections(limits.connections)
            ),
            onServerRunning: { [settings] channel in settings.onListening(channel.localAddress?.port ?? 0) },
            logger: logger
        )
    }

    private func builder() throws -> HTTPServerBuilder {
        let http = HTTPServerBuilder.http1(
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [RequestDeadline(times)],
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: 8 << 10,
                    maxHeaderListSize: 16 << 10,
                    maxHeaderFieldCount: 100
                )
            )
        )
        guard let tls = settings.tls else { return http }
        return try .tls(http, tlsConfiguration: tls)
    }

    /// Stores what time does, so that lists and the history show it: ten times within the shortest silence that counts.
    private func sweep(_ logger: Logger) async {
        let pause = max(.milliseconds(200), min(.seconds(5), manager.policy.deadlines.staleAfter / 10))
        while (try? await Task.sleep(for: pause)) != nil {
            do {
                try await manager.sweep()
            } catch {
                if case .store(let text) = error {
                    logger.error("sweep: \(text)")
                } else {
                    logger.error("sweep: \(error)")
                }
            }
        }
    }
}
