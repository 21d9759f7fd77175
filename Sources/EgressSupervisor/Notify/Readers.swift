// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressPolicy
import LinuxSystem

/// The process that looks at what calls point to where that can take long, and its successors: one that is lost in a
/// caller's memory is killed, and another takes its place (see `CShim/linux/look.c`).
///
/// ## Concurrency
/// All of it runs on the loop's thread.
final class Readers: EventHandler {
    /// How many readers may get lost in callers' memory; then every call that needs one is refused.
    static let maximumLost = 16
    /// Calls that wait to be looked at at a time, and of one program; one more is refused.
    static let maximumAsked = 256
    static let maximumShare = 128
    /// How many notices are taken before others have their turn.
    static let burst = 32

    private let gate: Gate
    private let loop: EventLoop
    private var reader: NoticeReader?
    private var asked: [UInt64: (call: UnreadCall, program: Int32)] = [:]
    private var byProgram = Shares<Int32>(maximum: Readers.maximumShare)
    private var lost = 0
    /// Told of each call that was looked at.
    var onNotice: (ConnectNotice) -> Void = { _ in }
    /// Told the id of each call that is refused.
    var onRefusal: (UInt64) -> Void = { _ in }

    /// A reader is started when the first call needs one: most commands' never do.
    init(gate: Gate, loop: EventLoop) {
        self.gate = gate
        self.loop = loop
    }

    func handle(_ events: Events, on descriptor: Int32) {
        if descriptor == reader?.channel.raw {
            receiveAll()
        } else if descriptor == reader?.timer.raw {
            giveUpReader()
        }
    }

    /// Has a call looked at by the reader, or refuses it.
    func ask(_ call: UnreadCall) {
        let program = ProcessSignal.program(of: call.task), hasRoom = byProgram.hasRoom(for: program)
        guard lost < Self.maximumLost, asked.count < Self.maximumAsked, hasRoom, let reader = reader ?? startReader(),
            reader.ask(call)
        else {
            let whose = hasRoom ? "" : " of this program"
            let detail = "too many calls\(whose) wait to be read"
            gate.refuse(.limitReached, Caller(TaskIdentity(of: call.task)), detail: detail)
            return onRefusal(call.id)
        }
        asked[call.id] = (call, program)
        byProgram.take(program)
    }

    private func forget(_ id: UInt64) {
        guard let known = asked.removeValue(forKey: id) else { return }
        byProgram.giveBack(known.program)
    }

    private func startReader() -> NoticeReader? {
        do {
            let reader = try NoticeReader(identifies: gate.wantsCallers)
            try loop.add(reader.channel.raw, .readable, self)
            try loop.add(reader.timer.raw, .readable, self)
            self.reader = reader
            return reader
        } catch {
            lost = Self.maximumLost
            gate.refuse(.unreadableCaller, nil, detail: error.description)
            return nil
        }
    }

    private func stopReader() {
        guard let reader else { return }
        loop.remove(reader.channel.raw)
        loop.remove(reader.timer.raw)
        self.reader = nil
    }

    /// The reader has been in someone's memory for too long: the call is refused, and another reader takes the next.
    private func giveUpReader() {
        guard let reader, let id = reader.overdue() else { return }
        let caller = Caller(TaskIdentity(of: reader.task))
        loseReader("its memory could not be read in time", caller, during: id)
    }

    /// Refuses the call that was looked at, and has another reader look at those that wait.
    private func loseReader(_ why: String, _ caller: Caller?, during id: UInt64?) {
        stopReader()
        lost += 1
        gate.refuse(.unreadableCaller, caller, detail: why)
        if lost >= Self.maximumLost {
            gate.refuse(.limitReached, nil, detail: "this happened too often; no such call is looked at from now on")
        }
        if let id {
            forget(id)
            onRefusal(id)
        }
        let rest = asked.values.map(\.call)
        for call in rest { forget(call.id) }
        for call in rest { ask(call) }
    }

    private func receiveAll() {
        for _ in 0..<Self.burst {
            guard let reader else { return }
            switch reader.next() {
            case .notice(let notice):
                forget(notice.id)
                onNotice(notice)
            case .none: return
            // Killed by someone, or for want of memory. It may have been reading for a call.
            case .end: return loseReader("the reader of its memory ended", nil, during: reader.overdue(0))
            }
        }
    }
}
