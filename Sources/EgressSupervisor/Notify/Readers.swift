// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressPolicy
import Glibc
import LinuxSystem

/// The process that does for calls what can take long, and its successors: one that is lost, in a caller's memory or a file
/// system, is killed, and another takes its place (see `CShim/linux/look.c`).
///
/// ## Concurrency
/// All of it runs on the loop's thread.
final class Readers: EventHandler {
    /// How many readers may be lost at a time, and not have ended; then every call that needs one is refused.
    static let maximumLost = 16
    /// Calls that wait at a time, and of one program; one more is refused.
    static let maximumAsked = 256
    static let maximumShare = 128
    /// How many notices are taken before others have their turn.
    static let burst = 32

    /// What is being done for a call.
    private struct Asked {
        let call: UnreadCall
        let task: NoticeReader.Task
        /// Whose call it is.
        let program: Int32
        /// Told what came of it, or nil if it is refused.
        let completion: (ConnectNotice?) -> Void
    }

    private let gate: Gate
    private let loop: EventLoop
    private var reader: NoticeReader?
    private var asked: [UInt64: Asked] = [:]
    private var byProgram = Shares<Int32>(maximum: Readers.maximumShare)
    private var lost: [Int32] = []

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

    /// Has something done for a call by the reader, or refuses it. `completion` keeps what the task's descriptors belong to.
    func ask(_ task: NoticeReader.Task, for call: UnreadCall, _ completion: @escaping (ConnectNotice?) -> Void) {
        let program = ProcessSignal.program(of: call.task)
        ask(Asked(call: call, task: task, program: program, completion: completion))
    }

    private func ask(_ request: Asked) {
        reap()
        let hasRoom = byProgram.hasRoom(for: request.program)
        guard lost.count < Self.maximumLost, asked.count < Self.maximumAsked, hasRoom,
            let reader = reader ?? startReader(), reader.ask(request.task, for: request.call)
        else {
            let detail = "too many calls\(hasRoom ? "" : " of this program") wait to be read"
            gate.refuse(.limitReached, Caller(TaskIdentity(of: request.call.task)), detail: detail)
            return request.completion(nil)
        }
        asked[request.call.id] = request
        byProgram.take(request.program)
    }

    private func take(_ id: UInt64) -> Asked? {
        guard let known = asked.removeValue(forKey: id) else { return nil }
        byProgram.giveBack(known.program)
        return known
    }

    private func startReader() -> NoticeReader? {
        do {
            let reader = try NoticeReader(identifies: gate.wantsCallers)
            try loop.add(reader.channel.raw, .readable, self)
            try loop.add(reader.timer.raw, .readable, self)
            self.reader = reader
            return reader
        } catch {
            gate.refuse(.unreadableCaller, nil, detail: error.description)
            return nil
        }
    }

    private func stopReader() {
        guard let reader else { return }
        loop.remove(reader.channel.raw)
        loop.remove(reader.timer.raw)
        lost.append(reader.pid)
        self.reader = nil
    }

    /// Counts no more those that have ended.
    private func reap() {
        var status: Int32 = 0
        if !lost.isEmpty { lost.removeAll { unsafe waitpid($0, &status, WNOHANG) != 0 } }
    }

    /// The reader has been at it for too long: the call is refused, and another reader takes the next.
    private func giveUpReader() {
        guard let reader, let id = reader.overdue else { return }
        let caller = Caller(TaskIdentity(of: reader.task))
        loseReader("its memory, or the file system of a socket, did not answer in time", caller, during: id)
    }

    /// Refuses the call that was looked at, and has another reader look at those that wait.
    private func loseReader(_ why: String, _ caller: Caller?, during id: UInt64?) {
        stopReader()
        gate.refuse(.unreadableCaller, caller, detail: why)
        if let id { take(id)?.completion(nil) }
        let rest = asked.keys.compactMap { take($0) }
        for request in rest { ask(request) }
    }

    private func receiveAll() {
        for _ in 0..<Self.burst {
            guard let reader else { return }
            switch reader.next() {
            case .notice(let notice):
                guard let request = take(notice.id) else {
                    if let path = notice.path { close(path) }
                    continue
                }
                request.completion(notice)
            case .none: return
            // Killed by someone, or for want of memory. It may have been busy with a call.
            case .end: return loseReader("the reader of its memory ended", nil, during: reader.current)
            }
        }
    }
}
