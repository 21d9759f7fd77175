// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AsyncHTTPClient
import EgressFleetService
import EgressText
import FoundationEssentials
import Glibc
import NIOCore
import NIOHTTP1
import NIOSSL

/// How to reach a registry, as an operator.
struct FleetClientOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The registry, as https://fleet.example.com:8443.", valueName: "url"))
    var server: String

    @Option(help: ArgumentHelp("The operator's token, alone in its file or as 'operator TOKEN'.", valueName: "file"))
    var tokenFile: String

    @Option(help: ArgumentHelp("Trust the authorities of this PEM file instead of the system's.", valueName: "file"))
    var ca: String?

    @Flag(
        help: ArgumentHelp(
            "Speak to another machine without TLS: whoever is on the way reads the token and can use it."
        )
    )
    var insecureWithoutTls = false

    /// Runs a command, and turns what goes wrong into its line and exit status.
    func run(_ body: (FleetClient) async throws -> Void) async throws {
        do {
            let client = try FleetClient(self)
            do {
                try await body(client)
            } catch {
                try? await client.shutdown()
                throw error
            }
            try? await client.shutdown()
        } catch let failure as FleetFailure {
            throw failure.exit()
        }
    }
}

/// Speaks to a registry.
struct FleetClient {
    private static let largestAnswer = 16 << 20

    private let base: String
    private let token: String
    private let http: HTTPClient

    init(_ options: FleetClientOptions) throws {
        base = try Self.base(options)
        token = try Self.token(options.tokenFile)
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10), read: .seconds(30))
        )
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let ca = options.ca {
            let bytes = try FleetFile.read(ca)
            guard let authorities = try? NIOSSLCertificate.fromPEMBytes(bytes), !authorities.isEmpty else {
                throw FleetFailure("\(ca.printable): no certificate in PEM")
            }
            tls.trustRoots = .certificates(authorities)
        }
        configuration.tlsConfiguration = tls
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func shutdown() async throws { try await http.shutdown() }

    func get<Reply: Decodable>(_ path: String) async throws -> (Reply, [UInt8]) {
        try await send(.GET, path, nil)
    }

    func post<Reply: Decodable>(_ path: String, _ body: some Encodable) async throws -> (Reply, [UInt8]) {
        try await send(.POST, path, Array(try JSONEncoder().encode(body)))
    }

    private func send<Reply: Decodable>(
        _ method: HTTPMethod,
        _ path: String,
        _ body: [UInt8]?
    ) async throws -> (Reply, [UInt8]) {
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        request.headers.add(name: "Authorization", value: "Bearer " + token)
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        let (status, bytes) = try await exchange(request)
        guard (200..<300).contains(status) else { throw Self.refusal(status, bytes) }
        guard let reply = try? JSONDecoder().decode(Reply.self, from: Data(bytes)) else {
            throw FleetFailure("\(base) answers, but not as a registry does", status: 4)
        }
        return (reply, bytes)
    }

    private func exchange(_ request: HTTPClientRequest) async throws -> (UInt, [UInt8]) {
        do {
            let response = try await http.execute(request, timeout: .seconds(30))
            let body = try await response.body.collect(upTo: Self.largestAnswer)
            return (response.status.code, Array(buffer: body))
        } catch {
            throw FleetFailure("cannot reach \(base): \(String(describing: error).printable)", status: 5)
        }
    }

    /// What a registry says when it refuses; 1 is a "no" about a worker, 4 any other answer.
    private static func refusal(_ status: UInt, _ bytes: [UInt8]) -> FleetFailure {
        guard let reply = try? JSONDecoder().decode(ErrorReply.self, from: Data(bytes)) else {
            return FleetFailure("the server answered with the status \(status)", status: 4)
        }
        let isAboutWorker = reply.reason == "unknown_worker" || reply.reason == "illegal_transition"
        return FleetFailure(
            "\(reply.reason.printable): \(reply.message.printable)",
            status: isAboutWorker ? 1 : 4
        )
    }

    private static func base(_ options: FleetClientOptions) throws -> String {
        var text = options.server
        while text.hasSuffix("/") { text.removeLast() }
        let isPlain = text.hasPrefix("http://")
        guard isPlain || text.hasPrefix("https://"), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw FleetFailure("--server \(options.server.quoted()) is no http or https URL", status: EX_USAGE)
        }
        let authority = text.dropFirst(isPlain ? 7 : 8)
        guard !authority.contains(where: { "/?#@".contains($0) }), !authority.isEmpty else {
            throw FleetFailure("--server is a scheme, a host and a port alone", status: EX_USAGE)
        }
        let isHere = ListenAddress(String(authority))?.isLoopback == true || authority.hasPrefix("localhost:")
        guard !isPlain || isHere || options.insecureWithoutTls else {
            throw FleetFailure("the token would be sent without TLS to \(authority); use https", status: EX_USAGE)
        }
        return text
    }

    private static func token(_ path: String) throws -> String {
        let text = try FleetFile.secret(path)
        // The server's file does as well.
        for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            if words.count == 1 { return String(words[0]) }
            if words.count == 2, words[0] == "operator" { return String(words[1]) }
        }
        throw FleetFailure("\(path.printable): there is no operator's token in it")
    }
}
