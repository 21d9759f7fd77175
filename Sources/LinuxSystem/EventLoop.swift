// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// What a descriptor is ready for, and what to be told of (epoll_ctl(2)).
public struct Events: OptionSet, Sendable {
    /// The bits of struct epoll_event.
    public let rawValue: UInt32

    /// Events from their bits.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// EPOLLIN
    public static let readable = Events(rawValue: 0x001)
    /// EPOLLOUT
    public static let writable = Events(rawValue: 0x004)
    /// EPOLLERR, told whether asked for or not
    public static let error = Events(rawValue: 0x008)
    /// EPOLLHUP, told whether asked for or not
    public static let hangup = Events(rawValue: 0x010)
    /// EPOLLRDHUP: the peer has shut down its writing half
    public static let readHangup = Events(rawValue: 0x2000)
    /// EPOLLET: told once for each change, not for each wait
    public static let edgeTriggered = Events(rawValue: 1 << 31)
}

/// Told by the loop what became of a descriptor.
public protocol EventHandler: AnyObject {
    /// Called on the loop's thread. `descriptor` tells a handler of several which one.
    func handle(_ events: Events, on descriptor: Int32)
}

/// An epoll(7) loop. One thread owns it, and everything registered with it.
///
/// A descriptor may be removed, closed and its number reused while a batch of events is handled: each registration has a
/// generation, and an event of an older one is passed over.
@safe public final class EventLoop {
    private struct Slot {
        var handler: (any EventHandler)?
        var generation: UInt32 = 0
    }

    private let epoll: FileDescriptor
    private var slots: [Slot] = []
    private var batch = unsafe [epoll_event](repeating: epoll_event(), count: 256)
    private var deferred: [any EventHandler] = []
    private var first: (descriptor: Int32, handler: any EventHandler)?
    private var vigilEnd: UInt64 = 0

    /// How long `wait` stays awake after an event of the first descriptor, in nanoseconds. Who calls often calls again, or
    /// closes: to fall asleep, and be woken on another core that has to wake first, takes as long as all that we do. The
    /// processor is left to others meanwhile.
    static let vigil: UInt64 = 50_000
    /// How many events of the first descriptor are handled before others have their turn: who makes a call can do nothing
    /// else meanwhile, and what others send or close is better handled together.
    static let firstTurns = 4

    /// How many descriptors are registered.
    public private(set) var count = 0

    /// An empty loop.
    public init() throws(SystemError) {
        epoll = FileDescriptor(
            owning: try retrying("making an epoll instance") { epoll_create1(Int32(EPOLL_CLOEXEC)) }
        )
    }

    /// Registers a descriptor, which must be removed before it is closed.
    public func add(_ descriptor: Int32, _ events: Events, _ handler: any EventHandler) throws(SystemError) {
        let index = Int(descriptor)
        guard index >= 0 else { throw SystemError("registering a descriptor", code: EBADF) }
        while slots.count <= index { slots.append(Slot()) }
        slots[index].generation &+= 1
        do { try control(EPOLL_CTL_ADD, descriptor, events) } catch {
            // One that is registered stays so: with another generation its events would be passed over, for ever.
            slots[index].generation &-= 1
            throw error
        }
        slots[index].handler = handler
        count += 1
    }

    /// Changes what is told of a registered descriptor.
    public func modify(_ descriptor: Int32, _ events: Events) throws(SystemError) {
        guard slots.indices.contains(Int(descriptor)) else {
            throw SystemError("registering a descriptor", code: ENOENT)
        }
        try control(EPOLL_CTL_MOD, descriptor, events)
    }

    /// Takes a descriptor out; no event of it is told any more.
    public func remove(_ descriptor: Int32) {
        guard slots.indices.contains(Int(descriptor)), slots[Int(descriptor)].handler != nil else { return }
        forget(descriptor)
        _ = epoll_ctl(epoll.raw, EPOLL_CTL_DEL, descriptor, nil)
    }

    /// Registers the one descriptor that poll(2) is asked about beside the epoll instance: a listener of notified calls
    /// (seccomp_unotify(2)). Its wish that we wake on the caller's core (SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP) goes through
    /// poll(2) and gets lost in epoll(7); an idle core would take longer to wake than all that we do.
    public func addFirst(_ descriptor: Int32, _ handler: any EventHandler) throws(SystemError) {
        guard first == nil else { throw SystemError("registering a descriptor", code: EEXIST) }
        first = (descriptor, handler)
    }

    /// Takes it out.
    public func removeFirst() {
        first = nil
    }

    /// Takes out a descriptor that is about to be closed, and of which there is no duplicate: the kernel takes it out of
    /// the epoll instance by itself (epoll(7)).
    public func forget(_ descriptor: Int32) {
        let index = Int(descriptor)
        guard index < slots.count, slots[index].handler != nil else { return }
        slots[index].handler = nil
        slots[index].generation &+= 1
        count -= 1
    }

    /// Calls the handler again with no events, on descriptor -1, once the present batch is done: for work that was left
    /// to let others have their turn.
    public func callAgain(_ handler: any EventHandler) {
        deferred.append(handler)
    }

    /// Waits for events until `deadline` (monotonic nanoseconds; nil: for ever) and handles one batch of them.
    public func wait(until deadline: UInt64?) throws(SystemError) {
        let isWaiting = first == nil
        for turn in 0..<Self.firstTurns {
            // Who was just answered may be waiting for this core, to call again.
            if turn > 0 { sched_yield() }
            let events = try waitForFirst(until: deadline, isWaiting: turn == 0)
            guard !events.isEmpty, let first else { break }
            first.handler.handle(events, on: first.descriptor)
            vigilEnd = monotonicNow() &+ Self.vigil
        }
        // What the first has set off is handled in the same round.
        let timeout = isWaiting ? timeout(until: deadline) : 0
        let count = unsafe epoll_wait(epoll.raw, &batch, Int32(batch.count), timeout)
        if count < 0 {
            if errno == EINTR { return }
            throw SystemError("waiting for events")
        }
        let waiting = deferred
        deferred.removeAll(keepingCapacity: true)
        for index in 0..<Int(count) {
            let event = unsafe batch[index]
            let key = unsafe event.data.u64
            let slot = slots[Int(key & 0xffff_ffff)]
            guard slot.generation == UInt32(key >> 32), let handler = slot.handler else { continue }
            handler.handle(Events(rawValue: unsafe event.events), on: Int32(truncatingIfNeeded: key & 0xffff_ffff))
        }
        for handler in waiting { handler.handle([], on: -1) }
    }

    /// Waits for the first descriptor or anything else, and gives the first's events.
    private func waitForFirst(until deadline: UInt64?, isWaiting: Bool) throws(SystemError) -> Events {
        guard let first else { return [] }
        var entries: InlineArray<2, pollfd> = [
            pollfd(fd: first.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: epoll.raw, events: Int16(POLLIN), revents: 0),
        ]
        var span = entries.mutableSpan
        while true {
            let isAwake = !isWaiting || monotonicNow() < vigilEnd
            let result = unsafe span.withUnsafeMutableBufferPointer {
                unsafe poll($0.baseAddress, 2, isAwake ? 0 : timeout(until: deadline))
            }
            if result < 0 {
                if errno == EINTR { return [] }
                throw SystemError("waiting for events")
            }
            if result > 0 || !isWaiting || !isAwake || !deferred.isEmpty { break }
            sched_yield()
        }
        // poll(2) and epoll(7) have the same bits.
        return Events(rawValue: UInt32(UInt16(bitPattern: entries[0].revents)))
    }

    /// Milliseconds for epoll_wait(2), rounded up so that a deadline has passed when it returns.
    private func timeout(until deadline: UInt64?) -> Int32 {
        if !deferred.isEmpty { return 0 }
        guard let deadline else { return -1 }
        let now = monotonicNow()
        if deadline <= now { return 0 }
        return Int32(clamping: (deadline - now + 999_999) / 1_000_000)
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ events: Events) throws(SystemError) {
        var event = unsafe epoll_event()
        unsafe event.events = events.rawValue
        unsafe event.data.u64 = UInt64(slots[Int(descriptor)].generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
        _ = try retrying("registering a descriptor") { unsafe epoll_ctl(epoll.raw, operation, descriptor, &event) }
    }
}
