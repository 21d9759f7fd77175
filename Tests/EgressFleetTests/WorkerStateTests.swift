// SPDX-License-Identifier: Apache-2.0

import EgressFleet
import Testing

/// The whole table once more, written by hand in another form: a line for each state, in the order of the signals.
struct WorkerStateTests {
    /// One letter for a state; `.` for a signal that is refused.
    static let letters: [Character: WorkerState] = [
        "r": .ready, "s": .stale, "d": .draining, "f": .finished, "o": .offline, "p": .orphaned, "x": .failed,
        "u": .unattested, "q": .quarantined,
    ]

    /// attest, beat, fail, finish, fallSilent, loseIdle, loseBusy, lapse, drain, quarantine, release
    static let rows: [(WorkerState, String)] = [
        (.ready, "rrxfsopudq."),
        (.stale, "rrxf.opudq."),
        (.draining, "ddxf.opu.qr"),
        (.finished, "r........q."),
        (.offline, "r........q."),
        (.orphaned, "r........q."),
        (.failed, "r........q."),
        (.unattested, "r........q."),
        (.quarantined, "..........u"),
    ]

    @Test(arguments: rows)
    func `every signal leads where the table says or is refused`(state: WorkerState, row: String) {
        let order: [WorkerSignal] = [
            .attest, .beat, .fail, .finish, .fallSilent, .loseIdle, .loseBusy, .lapse, .drain, .quarantine, .release,
        ]
        #expect(order.count == WorkerSignal.allCases.count && row.count == order.count)
        for (signal, letter) in zip(order, row) {
            if let expected = Self.letters[letter] {
                #expect((try? state.after(signal)) == expected, "\(state) \(signal)")
            } else {
                #expect(throws: IllegalTransition(state: state, signal: signal)) { try state.after(signal) }
            }
        }
    }

    @Test func `every state has a row`() {
        #expect(Set(Self.rows.map(\.0)) == Set(WorkerState.allCases))
    }

    @Test func `no way leads from quarantine to presence but release and then an attestation`() throws {
        // All states that can be reached from quarantine without `attest`.
        var reached: Set<WorkerState> = [.quarantined]
        var grows = true
        while grows {
            let before = reached.count
            for state in reached {
                for signal in WorkerSignal.allCases where signal != .attest {
                    if let next = try? state.after(signal) { reached.insert(next) }
                }
            }
            grows = reached.count > before
        }
        #expect(reached == [.quarantined, .unattested])
        #expect(throws: IllegalTransition.self) { try WorkerState.quarantined.after(.attest) }
    }

    @Test func `nothing but an attestation makes an absent worker present`() {
        for state in WorkerState.allCases where !state.isPresent {
            for signal in WorkerSignal.allCases where signal != .attest {
                #expect((try? state.after(signal))?.isPresent != true, "\(state) \(signal)")
            }
        }
    }
}
