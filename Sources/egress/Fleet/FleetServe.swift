// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressFleet
import EgressFleetService
import EgressPolicyFile
import EgressText
import Glibc
import NIOSSL

/// Serves the registry.
struct FleetServe: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve the registry of a fleet over HTTP, with a page for people.",
        discussion: """
            Workers register with a statement of egress-run --attest, signed by one of the trusted keys, that shows what the
            policy asks for. Everything is kept in one SQLite file. It serves until SIGTERM or SIGINT.

            The file of tokens has lines of a role and a token, 'worker TOKEN' and 'operator TOKEN', and may be read by its
            owner only. openssl rand -hex 32 makes a token.
            """
    )

    @Option(
        help: ArgumentHelp("Where to listen, as 127.0.0.1:8443 or [::1]:8443.", valueName: "address"),
        transform: { text in
            guard let address = ListenAddress(text) else {
                throw ValidationError("\(text.quoted()) is no address and port; write 127.0.0.1:8443 or [::1]:8443")
            }
            return address
        }
    )
    var listen: ListenAddress

    @Option(help: ArgumentHelp("The SQLite file of the fleet; it is made if there is none.", valueName: "file"))
    var db: String

    @Option(help: ArgumentHelp("Public keys whose statements are believed, as PEM or JWK.", valueName: "file"))
    var trust: String

    @Option(help: ArgumentHelp("What workers must show.", valueName: "fleet.yaml"))
    var policy: String

    @Option(help: ArgumentHelp("The tokens of workers and operators.", valueName: "file"))
    var tokenFile: String

    @Option(help: ArgumentHelp("The certificate and those that lead to its authority, as PEM.", valueName: "file"))
    var tlsCert: String?

    @Option(help: ArgumentHelp("The certificate's private key, as PEM.", valueName: "file"))
    var tlsKey: String?

    @Flag(
        help: ArgumentHelp(
            "Serve without TLS to other machines: whoever is on the way reads the tokens and can use them."
        )
    )
    var insecureWithoutTls = false

    func validate() throws {
        guard (tlsCert == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-cert and --tls-key go together")
        }
        guard tlsCert != nil || listen.isLoopback || insecureWithoutTls else {
            throw ValidationError(
                "\(listen) can be reached from other machines, and without TLS the tokens can be read on the way; "
                    + "give --tls-cert and --tls-key, or listen on 127.0.0.1"
            )
        }
    }

    func run() async throws {
        do {
            try await serve()
        } catch let failure as FleetFailure {
            throw failure.exit()
        } catch let error as WorkerStoreError {
            if case .failed(let text) = error { throw FleetFailure(text.printable).exit() }
            throw FleetFailure("\(error)").exit()
        } catch {
            throw FleetFailure("cannot serve on \(listen): \(String(describing: error).printable)").exit()
        }
    }

    private func serve() async throws {
        let manager = WorkerFleetManager(
            policy: try fleetPolicy(),
            trust: try trustedKeys(),
            store: try SQLiteWorkerStore(path: db, limits: try fleetPolicy().limits)
        )
        var settings = FleetServer.Settings(address: listen, tokens: try tokens(), tls: try tls())
        let scheme = settings.tls == nil ? "http" : "https"
        let host = listen.host.contains(":") ? "[\(listen.host)]" : listen.host
        settings.onListening = { port in
            let line = Array("egress: the fleet is served at \(scheme)://\(host):\(port)/\n".utf8)
            _ = unsafe line.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
        }
        try await FleetServer(manager, settings).run()
    }

    private func fleetPolicy() throws -> WorkerFleetPolicy {
        do throws(PolicyFileError) {
            return try WorkerFleetPolicy.load(path: policy)
        } catch {
            throw FleetFailure(error.description)
        }
    }

    private func trustedKeys() throws -> TrustedKeys {
        let bytes = try FleetFile.read(trust)
        do throws(TrustedKeysError) {
            return try TrustedKeys(parsing: bytes)
        } catch {
            throw FleetFailure("\(trust.printable): \(error.description.printable)")
        }
    }

    private func tokens() throws -> AccessTokens {
        let text = try FleetFile.secret(tokenFile)
        do throws(AccessTokenError) {
            return try AccessTokens(parsing: text)
        } catch {
            throw FleetFailure("\(tokenFile.printable): \(error)")
        }
    }

    private func tls() throws -> TLSConfiguration? {
        guard let tlsCert, let tlsKey else { return nil }
        let (certificate, key) = (try FleetFile.read(tlsCert), try FleetFile.read(tlsKey, isSecret: true))
        do {
            let chain = try NIOSSLCertificate.fromPEMBytes(certificate)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(bytes: key, format: .pem))
            )
            configuration.minimumTLSVersion = .tlsv12
            return configuration
        } catch {
            throw FleetFailure("\(tlsCert.printable) or \(tlsKey.printable) is no certificate or key in PEM")
        }
    }
}
