// SPDX-License-Identifier: Apache-2.0

public import EgressRequests
import NIOCore
import NIOPosix

/// Fetches over HTTP/1.1 and HTTP/2, under a policy.
///
/// Every request, also each that a redirect asks for, is evaluated by the policy service first, connects to the addresses of
/// its verdict only, and gets the credentials that are meant for its host only. There are no proxies, no cookies of its own,
/// no `.netrc`, no cache and no connection that is used twice: nothing of one fetch shows in another.
public struct FetchClient: Sendable {
    let service: EgressProxyPolicyService
    let secrets: (any SecretResolver)?
    let headerRules: RequestHeaderRules
    let trust: TrustStore
    let loop: any EventLoop

    /// A client.
    ///
    /// - Parameters:
    ///   - service: Decides on every request.
    ///   - secrets: The vault; without one, no request may bind a credential.
    ///   - headerRules: Which header fields a caller may give.
    ///   - authorities: A PEM file of the certificate authorities to trust instead of the system's.
    ///   - offersHTTP2: Whether a server may choose HTTP/2. For one request on a connection it has no advantage over HTTP/1.1,
    ///     and long bodies cost more; it is there for servers that speak nothing else.
    public init(
        service: EgressProxyPolicyService,
        secrets: (any SecretResolver)? = nil,
        headerRules: RequestHeaderRules = RequestHeaderRules(),
        authorities: String? = nil,
        offersHTTP2: Bool = false
    ) {
        self.service = service
        self.secrets = secrets
        self.headerRules = headerRules
        trust = TrustStore(authorities: authorities, offersHTTP2: offersHTTP2)
        loop = MultiThreadedEventLoopGroup.singleton.next()
    }

    /// Fetches, following redirects.
    ///
    /// - Parameters:
    ///   - request: What, and under which bounds.
    ///   - sink: Takes the body of the last response, whatever its status.
    /// - Returns: How it went, also when the status tells of an error or the body was cut at the budget.
    /// - Throws: ``FetchError`` when there is no response, or none that may be taken.
    public func fetch(_ request: FetchRequest, into sink: any FetchSink) async throws(FetchError) -> FetchResult {
        var run = try FetchRun(self, request, sink)
        do throws(FetchError) {
            return try await run.perform()
        } catch {
            throw run.told(error)
        }
    }
}
