// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressFleetService
import EgressText
import FoundationEssentials

/// Lists workers.
struct FleetList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the workers of a fleet.")

    @OptionGroup(title: "Registry") var client: FleetClientOptions

    @Option(
        help: """
            Only those in this state: ready, stale, draining, finished, offline, orphaned, failed, unattested or \
            quarantined.
            """
    )
    var state: String?

    @Option(help: ArgumentHelp("At most so many.", valueName: "number"))
    var limit = 10_000

    @Flag(help: "Print one JSON object instead.")
    var json = false

    func validate() throws {
        guard (1...1_000_000).contains(limit) else { throw ValidationError("--limit is 1 to 1000000") }
    }

    func run() async throws {
        try await client.run { client in
            let (snapshot, _): (SnapshotReply, [UInt8]) = try await client.get("/v1/snapshot")
            var workers: [WorkerReply] = []
            var after: String?
            repeat {
                var path = "/v1/workers?limit=\(min(1000, limit - workers.count))"
                if let state { path += "&state=" + PercentEncoding.encode(state) }
                if let after { path += "&after=" + PercentEncoding.encode(after) }
                let (page, _): (WorkersReply, [UInt8]) = try await client.get(path)
                workers += page.workers
                after = page.next
            } while after != nil && workers.count < limit
            if json {
                print(try jsonText(FleetListing(snapshot: snapshot, workers: workers)))
            } else {
                print(FleetTable.text(snapshot, workers), terminator: "")
            }
        }
    }
}

/// What `egress fleet list --json` prints.
struct FleetListing: Encodable {
    let snapshot: SnapshotReply
    let workers: [WorkerReply]
}

/// Shows one worker.
struct FleetShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one worker, what it attested, and what happened to it."
    )

    @OptionGroup(title: "Registry") var client: FleetClientOptions

    @Argument(help: "The worker.") var worker: String

    @Flag(help: "Print one JSON object instead.")
    var json = false

    func run() async throws {
        try await client.run { client in
            let name = PercentEncoding.encode(worker)
            let (found, _): (WorkerReply, [UInt8]) = try await client.get("/v1/workers/" + name)
            let (page, _): (EventsReply, [UInt8]) = try await client.get("/v1/events?limit=20&worker=" + name)
            if json {
                print(try jsonText(FleetWorkerListing(worker: found, events: page.events)))
            } else {
                print(FleetTable.text(found) + "\n" + FleetTable.text(page.events), terminator: "")
            }
        }
    }
}

/// What `egress fleet show --json` prints.
struct FleetWorkerListing: Encodable {
    let worker: WorkerReply
    let events: [EventReply]
}

/// Lists events.
struct FleetEvents: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "List what happened in a fleet, the latest first."
    )

    @OptionGroup(title: "Registry") var client: FleetClientOptions

    @Option(help: ArgumentHelp("At most so many, 1 to 1000.", valueName: "number"))
    var limit = 50

    @Flag(help: "Print one JSON object instead.")
    var json = false

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit is 1 to 1000") }
    }

    func run() async throws {
        try await client.run { client in
            let (page, _): (EventsReply, [UInt8]) = try await client.get("/v1/events?limit=\(limit)")
            print(json ? try jsonText(page) + "\n" : FleetTable.text(page.events), terminator: "")
        }
    }
}

/// What the commands that change a worker have in common.
struct FleetChangeOptions: ParsableArguments {
    @OptionGroup(title: "Registry") var client: FleetClientOptions

    @Argument(help: "The worker.") var worker: String

    @Flag(help: "Print the worker as one JSON object.")
    var json = false

    func change(_ verb: String, note: String?) async throws {
        try await client.run { client in
            let path = "/v1/workers/\(PercentEncoding.encode(worker))/\(verb)"
            let (reply, _): (WorkerReply, [UInt8]) = try await client.post(path, FleetNote(note: note))
            print(json ? try jsonText(reply) : "\(reply.id.printable) is \(reply.state)")
        }
    }
}

private struct FleetNote: Encodable {
    let note: String?
}

/// Takes a worker out of service.
struct FleetDrain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Let a worker finish what it has, and give it nothing new."
    )

    @OptionGroup var options: FleetChangeOptions

    @Option(help: ArgumentHelp("Why, for the history.", valueName: "text"))
    var reason: String?

    func run() async throws { try await options.change("drain", note: reason) }
}

/// Shuts a worker out.
struct FleetQuarantine: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine",
        abstract: "Shut a worker out: nothing it sends is taken until it is released."
    )

    @OptionGroup var options: FleetChangeOptions

    @Option(help: ArgumentHelp("Why, for the history.", valueName: "text"))
    var reason: String

    func run() async throws { try await options.change("quarantine", note: reason) }
}

/// Takes back a draining or a quarantine.
struct FleetRelease: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Take back a draining, or a quarantine: the worker has to attest anew then."
    )

    @OptionGroup var options: FleetChangeOptions

    @Option(help: ArgumentHelp("Why, for the history.", valueName: "text"))
    var reason: String?

    func run() async throws { try await options.change("release", note: reason) }
}
