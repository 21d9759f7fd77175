// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressFetch
import EgressPolicy
import EgressPolicyFile
import EgressRequests
import EgressVault
import LinuxSystem

/// Fetches a URL under a policy.
struct Fetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fetch a URL, if the policy allows it and every redirect on the way.",
        discussion: """
            Nothing is allowed by default. Only addresses that passed the policy are connected to, redirects are decided
            on anew, and a credential goes to its own hosts only. Proxy variables, cookies and .netrc are not used.

            The body goes to standard output. The exit status is 0 for a status of 2xx, 3 if the policy denies it, 4 for
            any other status, 5 if the network or the server failed, 6 if the body was cut at --max-bytes, 64 for a usage
            error, 70 for anything else.
            """
    )

    @OptionGroup(title: "Policy") var rules: RuleOptions

    @OptionGroup(title: "Request") var message: RequestOptions

    @OptionGroup(title: "Vault") var vault: VaultOptions

    @OptionGroup(title: "Bounds") var bounds: BoundOptions

    @Option(
        help: ArgumentHelp("Trust the authorities of this PEM file instead of the system's.", valueName: "file")
    )
    var ca: String?

    @Flag(name: .customLong("http2"), help: "Offer HTTP/2 as well, for a server that speaks nothing else.")
    var offersHTTP2 = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Write the body to a file, which is replaced when all of it is there, and only if the status is 2xx; - is standard output, a terminal or not.",
            valueName: "file"
        )
    )
    var output: String?

    @Flag(help: "Print one JSON object instead of the body, which it contains unless --output takes it.")
    var json = false

    @Argument(help: ArgumentHelp("What to fetch.", valueName: "url"))
    var url: String

    func validate() throws {
        if json, output == "-" { throw ValidationError("--json and --output - both want standard output") }
    }

    func run() async throws {
        let settings = try rules.settings()
        let request = try FetchRequest(
            method: message.method(),
            url: url,
            policy: EgressRequestPolicy(settings.policy),
            headers: message.headers(),
            body: message.body(),
            credentials: message.credentials(for: url),
            limits: bounds.limits(),
            acceptedTypes: message.acceptType
        )
        let client = FetchClient(
            service: EgressProxyPolicyService(
                resolver: DNSHostResolver.system(servers: settings.servers),
                resolutionTimeout: min(request.limits.totalTimeout, .seconds(10))
            ),
            secrets: try secrets(request, settings.vault),
            headerRules: RequestHeaderRules(additional: message.allowHeader),
            authorities: ca,
            offersHTTP2: offersHTTP2
        )
        let code = await FetchSession(client, request, output: output, json: json).perform()
        if code != 0 { throw ExitCode(code) }
    }

    /// The vault, if the request wants anything of it: the one the options name, else the policy's, else the usual one.
    private func secrets(_ request: FetchRequest, _ location: VaultLocation?) throws -> (any SecretResolver)? {
        guard !request.credentials.bindings.isEmpty else { return nil }
        // Secrets are about to be in the memory of this process. That it can't be hidden is no reason to refuse.
        try? hideMemory()
        do {
            guard vault.path == nil, let location else { return try vault.open() }
            if vault.namesKey { return try vault.open(location) }
            return try location.makeResolver { () throws(VaultError) in
                do { return try vault.givenPassphrase(isNew: false) } catch {
                    throw error as? VaultError ?? .noTerminal
                }
            }
        } catch let error as VaultError {
            return ClosedVault(why: error.description)
        } catch let error as SecretResolverError {
            return ClosedVault(why: error.description)
        }
    }
}

/// A vault that could not be opened: what wanted something of it says so, as of any other failure.
private struct ClosedVault: SecretResolver {
    let why: String

    func resolve(_ reference: SecretReference) async throws(SecretResolverError) -> Secret { throw .unavailable(why) }
}
