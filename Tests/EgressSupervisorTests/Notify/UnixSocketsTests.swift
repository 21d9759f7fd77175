// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import EgressSupervisor

/// The calling process's own network namespace stands for the host's and for the worker's.
final class UnixSocketsTests {
    private let directory: String

    init() throws {
        var name = Array("/tmp/unix-sockets-XXXXXX".utf8CString)
        directory = try #require(unsafe mkdtemp(&name).map { unsafe String(cString: $0) })
    }

    deinit {
        _ = try? Subprocess.run(["/bin/rm", "-r", directory], environment: [], input: [])
    }

    private func listen(_ name: String) throws -> FileDescriptor {
        let server = try Socket.make(AF_UNIX, Socket.stream)
        var address = sockaddr_un()
        address.sun_family = UInt16(AF_UNIX)
        let path = Array("\(directory)/\(name)".utf8)
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(server.raw, $0, UInt32(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(result == 0)
        #expect(Glibc.listen(server.raw, 1) == 0)
        return server
    }

    private func open(_ name: String) throws -> FileDescriptor {
        try FileDescriptor.open("\(directory)/\(name)", 0o10000000)  // O_PATH
    }

    private func judge(_ name: String, _ sockets: UnixSockets) throws -> UnixSockets.Judgement {
        let file = try open(name)
        return sockets.judge(file.raw, SocketFile(of: file.raw))
    }

    private func sockets(_ names: [String]) throws -> UnixSockets {
        let sockets = try UnixSockets(process: getpid(), paths: names.map { "\(directory)/\($0)" })
        sockets.prepare()
        return sockets
    }

    @Test func `the table has what is bound, as long as it is`() throws {
        let table = try UnixSocketTable.own()
        var server: FileDescriptor? = try listen("here")
        let opened = try open("here")
        let file = try #require(FileIdentity(of: opened.raw))
        #expect(table.contains(file) == true)
        _ = server.take()
        #expect(table.contains(file) == false)
    }

    @Test func `what the host has bound is denied, unless it is named`() throws {
        let one = try listen("one"), two = try listen("two")
        let sockets = try sockets(["one"])
        #expect(try judge("one", sockets) == .named("\(directory)/one"))
        #expect(try judge("two", sockets) == .denied)
        _ = (one.raw, two.raw)
    }

    @Test func `a name that moves takes its socket along, and gives no other a right`() throws {
        let one = try listen("one"), two = try listen("two")
        let sockets = try sockets(["one"])
        unsafe rename("\(directory)/one", "\(directory)/was-one")
        unsafe rename("\(directory)/two", "\(directory)/one")
        #expect(try judge("was-one", sockets) == .named("\(directory)/one"))
        #expect(try judge("one", sockets) == .denied)
        _ = (one.raw, two.raw)
    }

    @Test func `a socket that comes later, or is moved there, is not the one that was named`() throws {
        let other = try listen("other")
        let sockets = try sockets(["late", "moved"])
        #expect(sockets.unfindable == ["\(directory)/late", "\(directory)/moved"])
        let late = try listen("late")
        unsafe rename("\(directory)/other", "\(directory)/moved")
        #expect(try judge("late", sockets) == .denied)
        #expect(try judge("moved", sockets) == .denied)
        _ = (other.raw, late.raw)
    }

    @Test func `a file that was bound inside is inside by whatever name, and no other is`() throws {
        let inside = try listen("inside"), other = try listen("other")
        let sockets = try sockets([])
        #expect(try judge("inside", sockets) == .denied)
        let file = try open("inside")
        try FileSets.keepInside(file.raw)
        unsafe link("\(directory)/inside", "\(directory)/linked")
        unsafe rename("\(directory)/inside", "\(directory)/renamed")
        #expect(try judge("linked", sockets) == .inside)
        #expect(try judge("renamed", sockets) == .inside)
        #expect(try judge("other", sockets) == .denied)
        _ = (inside.raw, other.raw)
    }

    @Test func `a file that comes in the place of one from inside is outside, whatever its number`() throws {
        let sockets = try sockets([])
        var numbers: Set<UInt64> = []
        for round in 0..<64 {
            let server = try listen("place"), opened = try open("place")
            let number = try #require(FileIdentity(of: opened.raw)).inode
            // What was kept went with its last name: an inode's number that comes again is not enough.
            #expect(try judge("place", sockets) == .denied, "round \(round)")
            if numbers.insert(number).inserted { try FileSets.keepInside(opened.raw) }
            unsafe unlink("\(directory)/place")
            _ = server.raw
        }
    }

    @Test func `an abandoned socket is nobody's, and a file no socket`() throws {
        _ = try listen("gone")
        let sockets = try sockets([])
        #expect(try judge("gone", sockets) == .abandoned(ECONNREFUSED))
        _ = try FileDescriptor.open("\(directory)/file", O_CREAT | O_WRONLY)
        #expect(try judge("file", sockets) == .inside)
    }
}
