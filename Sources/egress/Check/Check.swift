// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressPolicy
import EgressRequests

/// Explains what the policy says of a target, without connecting to it.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Explain whether URLs or HOST:PORT may be reached, and why, without connecting.",
        discussion: """
            Rules are those of egress-run: example.com, .example.com, *.example.com, addresses and blocks, each with
            an optional :PORT, /tcp or /udp, /private. Nothing is allowed by default. A name that is allowed is
            resolved, and all of its addresses are judged; a name that is not is never asked about.

            The exit status is 0 if all are allowed, 3 if any is denied, 5 if a name could not be resolved, and 64
            for a usage error.
            """
    )

    @OptionGroup var rules: RuleOptions

    @Flag(help: "Resolve no names; decide as far as that goes.")
    var noResolve = false

    @Flag(help: "Print one JSON object instead.")
    var json = false

    @Argument(
        help: ArgumentHelp(
            "What to ask about: https://example.com/, example.com:443, [2001:db8::7]:53/udp.",
            valueName: "url|host:port"
        )
    )
    var targets: [String]

    /// How long one name may take.
    private static let timeout = Duration.seconds(10)

    func validate() throws {
        if let error = targets.lazy.compactMap(CheckTarget.usageError).first { throw ValidationError(error) }
    }

    func run() async throws {
        let settings = try rules.settings()
        let resolver = noResolve ? nil : DNSHostResolver.system(servers: settings.servers)
        var explanations: [Explanation] = []
        for target in targets {
            let explanation = await Explanation.of(
                target,
                settings.policy,
                resolver: resolver,
                timeout: Self.timeout
            )
            explanations.append(explanation)
            if !json { print(explanation.text, terminator: "") }
        }
        if json { try print(CheckReport(explanations).json()) }
        let status = Self.status(explanations)
        if status != 0 { throw ExitCode(status) }
    }

    /// The exit status: 0 when all are allowed.
    static func status(_ explanations: [Explanation]) -> Int32 {
        let refused = explanations.filter { !$0.isAllowed }
        if refused.isEmpty { return 0 }
        return refused.allSatisfy(\.isResolutionFailure) ? 5 : 3
    }
}
