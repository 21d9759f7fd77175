// SPDX-License-Identifier: Apache-2.0

import Crypto
public import EgressAudit

/// Decides who belongs to a fleet, and keeps what it decided in a store.
///
/// ## How a change is made
/// A worker is read, brought up to the present (silence and age count even when no sweep saw them), moved by the table of
/// `WorkerState`, and written back for the version that was read. When somebody else was faster, all of that is done again, a
/// few times: of a quarantine and a heartbeat at the same moment, the quarantine either comes first and refuses the
/// heartbeat, or comes after it and shuts the worker out. No order of events revives a worker without an attestation.
///
/// Several managers, also of several machines, may share one store.
public struct WorkerFleetManager: Sendable {
    /// What workers must show.
    public let policy: WorkerFleetPolicy
    /// The keys whose attestations are believed.
    public let trust: TrustedKeys
    /// Where the fleet is kept.
    public let store: any WorkerStore

    let challenges: ChallengeIssuer
    let clock: @Sendable () -> Timestamp
    /// Silence before this moment was the registry's.
    let watchedSince: Timestamp

    /// How long a nonce can be used.
    public static let challengeLifetime = Duration.seconds(300)
    /// How often a change is tried when others are faster.
    static let maximumAttempts = 16

    /// A manager.
    ///
    /// - Parameters:
    ///   - policy: What workers must show.
    ///   - trust: The keys whose attestations are believed.
    ///   - store: Where the fleet is kept.
    ///   - challenges: Gives out nonces.
    ///   - clock: The present moment.
    public init(
        policy: WorkerFleetPolicy,
        trust: TrustedKeys,
        store: any WorkerStore,
        challenges: ChallengeIssuer = ChallengeIssuer(),
        clock: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) {
        self.policy = policy
        self.trust = trust
        self.store = store
        self.challenges = challenges
        self.clock = clock
        watchedSince = clock()
    }

    /// The present moment, by the clock that decisions are made by.
    public var now: Timestamp { clock() }

    /// The worker, as it is at this moment.
    public func worker(_ id: String) async throws(FleetError) -> Worker {
        guard let worker = try await reading({ () throws(WorkerStoreError) in try await store.worker(id) }) else {
            throw .unknownWorker
        }
        return upToDate(worker, at: clock())
    }

    /// Workers in the order of their ids, as the last change or sweep left them.
    public func workers(_ query: WorkerQuery) async throws(FleetError) -> [Worker] {
        try await reading { () throws(WorkerStoreError) in try await store.workers(query) }
    }

    /// Events, the latest first.
    public func events(_ query: EventQuery) async throws(FleetError) -> [FleetEvent] {
        try await reading { () throws(WorkerStoreError) in try await store.events(query) }
    }

    /// How many workers are in which state, as the last change or sweep left them.
    public func snapshot() async throws(FleetError) -> FleetSnapshot {
        let counts = try await reading { () throws(WorkerStoreError) in try await store.counts() }
        return FleetSnapshot(at: clock(), counts: counts)
    }

    func reading<T: Sendable>(
        _ body: () async throws(WorkerStoreError) -> T
    ) async throws(FleetError) -> T {
        do {
            return try await body()
        } catch {
            throw FleetError(error)
        }
    }

    /// The worker after what time has done to it.
    func upToDate(_ worker: Worker, at now: Timestamp) -> Worker {
        guard let signal = worker.signalDue(at: now, deadlines: policy.deadlines, watchedSince: watchedSince),
            let later = try? worker.after(signal, at: now, note: nil)
        else { return worker }
        return later
    }

    static func digest(_ purpose: String, _ text: String) -> [UInt8] {
        Array(SHA256.hash(data: Array("\(purpose):\(text)".utf8)))
    }
}
