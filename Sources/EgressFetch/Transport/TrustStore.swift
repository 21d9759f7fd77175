// SPDX-License-Identifier: Apache-2.0

import NIOConcurrencyHelpers
import NIOSSL

/// Whose certificates are believed. Read on first use, because the system's file is large, and once.
final class TrustStore: Sendable {
    private let authorities: String?
    private let offersHTTP2: Bool
    private let made = NIOLockedValueBox<NIOSSLContext?>(nil)

    /// - Parameters:
    ///   - authorities: A PEM file to believe instead of the system's.
    ///   - offersHTTP2: Whether a server may choose HTTP/2.
    init(authorities: String?, offersHTTP2: Bool) {
        self.authorities = authorities
        self.offersHTTP2 = offersHTTP2
    }

    func context() throws(FetchError) -> NIOSSLContext {
        do {
            return try made.withLockedValue { made in
                if let made { return made }
                var configuration = TLSConfiguration.makeClientConfiguration()
                configuration.minimumTLSVersion = .tlsv12
                configuration.applicationProtocols = offersHTTP2 ? ["h2", "http/1.1"] : ["http/1.1"]
                configuration.certificateVerification = .fullVerification
                if let authorities {
                    configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authorities))
                }
                let context = try NIOSSLContext(configuration: configuration)
                made = context
                return context
            }
        } catch {
            throw FetchError(.invalidRequest, "cannot read certificates from '\(authorities ?? "the system's store")'")
        }
    }
}
