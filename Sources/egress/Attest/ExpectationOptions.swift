// SPDX-License-Identifier: Apache-2.0

public import ArgumentParser
public import EgressEvidence
import EgressFleet

/// What a statement must show, as options.
struct ExpectationOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The worker it must be about.", valueName: "id"))
    var workerID: String?

    @Option(help: ArgumentHelp("The challenge it must answer.", valueName: "text"))
    var nonce: String?

    @Flag(help: "Require that it answers some challenge.")
    var requireNonce = false

    @Option(help: ArgumentHelp("The longest time since it was made.", valueName: "seconds"))
    var maxAge: Int64?

    @Option(help: ArgumentHelp("How far the two clocks may be apart.", valueName: "seconds"))
    var clockSkew: Int64 = 30

    @Option(help: ArgumentHelp("The weakest isolation that will do: netns or preload.", valueName: "level"))
    var minimumIsolation = IsolationLevel.netns

    @Flag(
        inversion: .prefixedNo,
        help: "Require that all of the worker's traffic is shown to pass the gate."
    )
    var requireEgressProxy = true

    @Option(help: ArgumentHelp("The policy, by egress attest policy-digest.", valueName: "digest"))
    var policyDigest: Digest?

    @Option(help: ArgumentHelp("The executable of egress-run, by sha256sum.", valueName: "digest"))
    var launcherDigest: Digest?

    @Option(help: ArgumentHelp("The command's executable, by sha256sum.", valueName: "digest"))
    var executableDigest: Digest?

    @Option(help: ArgumentHelp("The container image that the launcher was told of.", valueName: "digest"))
    var imageDigest: Digest?

    @Option(help: ArgumentHelp("The build that the launcher was told of.", valueName: "digest"))
    var buildDigest: Digest?

    @Option(help: ArgumentHelp("The artifact that the launcher was told of.", valueName: "digest"))
    var artifactDigest: Digest?

    func validate() throws {
        if clockSkew < 0 { throw ValidationError("--clock-skew is a number of seconds, 0 or more") }
        if let maxAge, maxAge < 0 { throw ValidationError("--max-age is a number of seconds, 0 or more") }
    }

    var expectation: WorkerAttestationExpectation {
        var expectation = WorkerAttestationExpectation()
        expectation.requireEgressProxy = requireEgressProxy
        expectation.minimumIsolation = minimumIsolation
        expectation.policyDigest = policyDigest
        expectation.launcherDigest = launcherDigest
        expectation.executableDigest = executableDigest
        expectation.imageDigest = imageDigest
        expectation.buildDigest = buildDigest
        expectation.artifactDigest = artifactDigest
        expectation.workerID = workerID
        expectation.nonce = nonce
        expectation.requireNonce = requireNonce
        expectation.maximumAge = maxAge
        expectation.clockSkew = clockSkew
        return expectation
    }
}

extension Digest: ExpressibleByArgument {
    /// `sha256:` and 64 digits, or the digits alone as sha256sum(1) prints them.
    public init?(argument: String) {
        self.init(argument.utf8.count == 64 ? "sha256:" + argument : argument)
    }
}

extension IsolationLevel: ExpressibleByArgument {}
