// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import Testing

/// Remembers what it is told, and does something then.
private final class Listener: EventHandler {
    private(set) var told: [(events: Events, descriptor: Int32)] = []
    var action: () throws -> Void = {}

    func handle(_ events: Events, on descriptor: Int32) {
        told.append((events, descriptor))
        do { try action() } catch { Issue.record(error) }
    }
}

/// A pair whose first end has something to read.
private struct Ready {
    let reading, writing: Int32

    init() throws {
        (reading, writing) = try FileDescriptor.socketPair(type: Socket.stream)
        fill()
    }

    func fill() {
        _ = unsafe [UInt8(1)].withUnsafeBytes { unsafe Socket.send(writing, $0) }
    }

    func end() {
        close(reading)
        close(writing)
    }
}

@Suite(.serialized) struct EventLoopTests {
    private let loop: EventLoop

    init() throws {
        loop = try EventLoop()
    }

    private func turn() throws { try loop.wait(until: monotonicNow()) }

    @Test func `a handler is told what its descriptor is ready for`() throws {
        let pair = try Ready()
        defer { pair.end() }
        let listener = Listener()
        try loop.add(pair.reading, [.readable, .writable], listener)
        try turn()
        #expect(listener.told.map(\.descriptor) == [pair.reading])
        #expect(listener.told[0].events == [.readable, .writable])
        shutdown(pair.writing, Int32(SHUT_RDWR))
        try turn()
        #expect(listener.told[1].events.contains(.hangup), "told without asking")
    }

    @Test func `a descriptor that is removed is told of no more`() throws {
        let pair = try Ready()
        defer { pair.end() }
        let listener = Listener()
        try loop.add(pair.reading, .readable, listener)
        #expect(loop.count == 1)
        loop.remove(pair.reading)
        loop.remove(pair.reading)
        loop.remove(12345)
        #expect(loop.count == 0)
        try turn()
        #expect(listener.told.isEmpty)
        try loop.add(pair.reading, .readable, listener)
        try turn()
        #expect(listener.told.count == 1)
    }

    @Test func `the first descriptor comes before the others, but not for ever`() throws {
        let first = try Ready(), other = try Ready()
        defer {
            first.end()
            other.end()
        }
        var order: [String] = []
        let listener = Listener(), second = Listener()
        listener.action = { [loop] in
            order.append("first")
            // What it sets off is handled in the same turn.
            if order.count == 1 { try loop.add(other.reading, .readable, second) }
        }
        second.action = { order.append("second") }
        try loop.addFirst(first.reading, listener)
        #expect(throws: SystemError.self) { try loop.addFirst(other.reading, second) }
        try loop.wait(until: nil)
        #expect(order == ["first", "first", "first", "first", "second"])
        #expect(listener.told.allSatisfy { $0.events == .readable && $0.descriptor == first.reading })
        loop.removeFirst()
        try turn()
        #expect(order == ["first", "first", "first", "first", "second", "second"])
    }

    @Test func `beside a first descriptor, others are waited for until the deadline`() throws {
        let (silent, far) = try FileDescriptor.socketPair(type: Socket.stream)
        let pair = try Ready()
        defer {
            pair.end()
            close(silent)
            close(far)
        }
        let first = Listener(), second = Listener()
        try loop.addFirst(silent, first)
        let deadline = monotonicNow() + 20_000_000
        try loop.wait(until: deadline)
        #expect(monotonicNow() >= deadline)
        try loop.add(pair.reading, .readable, second)
        try loop.wait(until: nil)
        #expect(first.told.isEmpty)
        #expect(second.told.count == 1)
    }

    @Test func `a descriptor that is forgotten is told of no more, and its number can be used again`() throws {
        let pair = try Ready(), listener = Listener(), heir = Listener()
        try loop.add(pair.reading, .readable, listener)
        loop.forget(pair.reading)
        #expect(loop.count == 0)
        pair.end()
        let (reading, writing) = try FileDescriptor.socketPair(type: Socket.stream)
        defer {
            close(reading)
            close(writing)
        }
        try #require([reading, writing].contains(pair.reading), "the probe: the number is used again")
        try loop.add(pair.reading, .writable, heir)
        try turn()
        #expect(listener.told.isEmpty)
        #expect(heir.told.map(\.events) == [.writable])
    }

    @Test func `what is asked for can be changed`() throws {
        let pair = try Ready()
        defer { pair.end() }
        let listener = Listener()
        try loop.add(pair.reading, .readable, listener)
        try loop.modify(pair.reading, .writable)
        try turn()
        #expect(listener.told.map(\.events) == [.writable])
    }

    @Test func `edge-triggered events are told once for each change`() throws {
        let pair = try Ready()
        defer { pair.end() }
        let listener = Listener()
        try loop.add(pair.reading, [.readable, .edgeTriggered], listener)
        for _ in 0..<3 { try turn() }
        #expect(listener.told.count == 1)
        pair.fill()
        try turn()
        #expect(listener.told.count == 2)
    }

    /// The bug that generations prevent: within one batch, one handler closes another's descriptor and opens a new one,
    /// which gets the same number; the event that is still in the batch is of the old one.
    @Test func `an event of a descriptor whose number was used again is passed over`() throws {
        let one = try Ready(), other = try Ready()
        let first = Listener(), second = Listener(), heir = Listener()
        var made: [Int32] = []
        var victims: [(Listener, Ready, Listener, Ready)] = []
        victims = [(first, one, second, other), (second, other, first, one)]
        for (listener, _, _, victim) in victims {
            listener.action = { [loop] in
                guard made.isEmpty else { return }
                loop.remove(victim.reading)
                close(victim.reading)
                // The lowest number that is free: the victim's.
                let pair = try FileDescriptor.socketPair(type: Socket.stream)
                made = [pair.0, pair.1]
                #expect(made.contains(victim.reading), "the probe: the number is used again")
                try loop.add(victim.reading, .readable, heir)
            }
        }
        try loop.add(one.reading, .readable, first)
        try loop.add(other.reading, .readable, second)
        try turn()
        #expect(first.told.count + second.told.count == 1)
        #expect(heir.told.isEmpty)
        try turn()
        #expect(heir.told.isEmpty)
        for number in made + [one.writing, other.writing] { close(number) }
    }

    @Test func `work that was left is done after the batch, in order, and once`() throws {
        let pair = try Ready()
        defer { pair.end() }
        let now = Listener(), later = Listener(), last = Listener()
        var order: [String] = []
        now.action = { order.append("event") }
        later.action = { order.append("later") }
        last.action = { order.append("last") }
        try loop.add(pair.reading, .readable, now)
        loop.callAgain(later)
        loop.callAgain(last)
        // Without a deadline: what is left keeps the loop from waiting.
        try loop.wait(until: nil)
        #expect(order == ["event", "later", "last"])
        #expect(later.told.map(\.descriptor) == [-1])
        #expect(later.told[0].events.isEmpty)
        try turn()
        #expect(later.told.count == 1)
    }

    @Test func `work that leaves work does not keep others waiting`() throws {
        let pair = try Ready()
        defer { pair.end() }
        let busy = Listener(), other = Listener()
        busy.action = { [loop, unowned busy] in loop.callAgain(busy) }
        try loop.add(pair.reading, .readable, other)
        loop.callAgain(busy)
        for _ in 0..<5 { try loop.wait(until: nil) }
        #expect(busy.told.count == 5)
        #expect(other.told.count == 5)
    }

    @Test func `a deadline has passed when the wait returns`() throws {
        for nanoseconds in [0, 1, 999_999, 1_000_000, 3_000_001] as [UInt64] {
            let deadline = monotonicNow() + nanoseconds
            try loop.wait(until: deadline)
            #expect(monotonicNow() >= deadline)
        }
        let start = monotonicNow()
        try loop.wait(until: 0)
        #expect(monotonicNow() - start < 1_000_000_000)
    }

    @Test(arguments: [0, 1, 255, 256, 257, 600]) func `every descriptor that is ready has its turn`(_ count: Int) throws
    {
        let pairs = try (0..<min(count, 300)).map { _ in try Ready() }
        defer { pairs.forEach { $0.end() } }
        let listener = Listener()
        for pair in pairs { try loop.add(pair.reading, .readable, listener) }
        for _ in 0..<3 { try turn() }
        #expect(Set(listener.told.map(\.descriptor)) == Set(pairs.map(\.reading)))
    }

    @Test func `what can't be waited on is an error, and no registration`() throws {
        let file = try FileDescriptor.open("/proc/self/exe", O_RDONLY)
        let listener = Listener()
        #expect(throws: SystemError("registering a descriptor", code: EPERM)) {
            try loop.add(file.raw, .readable, listener)
        }
        #expect(loop.count == 0)
        #expect(throws: SystemError.self) { try loop.modify(file.raw, .readable) }
    }

    @Test func `a descriptor that is registered stays so when it is added twice`() throws {
        let pair = try Ready()
        defer { pair.end() }
        let listener = Listener(), second = Listener()
        try loop.add(pair.reading, .readable, listener)
        #expect(throws: SystemError("registering a descriptor", code: EEXIST)) {
            try loop.add(pair.reading, .readable, second)
        }
        try turn()
        #expect(listener.told.count == 1)
        #expect(second.told.isEmpty)
        #expect(loop.count == 1)
    }

    @Test func `a number that was never registered can't be changed`() {
        for number in [4321, -1] as [Int32] {
            #expect(throws: SystemError("registering a descriptor", code: ENOENT)) {
                try loop.modify(number, .readable)
            }
        }
        #expect(throws: SystemError("registering a descriptor", code: EBADF)) {
            try loop.add(-1, .readable, Listener())
        }
    }
}
