// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import EgressSandbox

struct HiddenFileTests {
    private static let lines = """
        25 1 254:0 / / rw - ext4 none rw
        26 25 254:1 /@data /data rw - btrfs none rw
        27 25 254:1 / /whole rw - btrfs none rw
        28 25 254:1 /@data/logs/run /part rw - btrfs none rw
        29 25 254:1 /@data/logs/run/audit /file rw - btrfs none rw
        30 25 254:1 /@data/log /other rw - btrfs none rw
        31 25 254:1 /@data /covered rw - btrfs none rw
        32 31 0:32 / /covered/logs rw - tmpfs none rw
        33 25 254:1 /@data /dev/data rw - btrfs none rw
        """

    @Test func `a file is hidden at every mount that shows it`() throws {
        let table = try MountTable(Array(Self.lines.utf8))
        let file = HiddenFile(path: "/data/logs/run/audit", mount: 26)
        #expect(
            try file.places(table, look: { _ in .file }) == [
                "/data/logs/run/audit", "/whole/@data/logs/run/audit", "/part/audit", "/file",
            ]
        )
    }

    @Test func `a file on a mount that is not there can't be hidden`() throws {
        let table = try MountTable(Array(Self.lines.utf8))
        #expect(throws: SystemError.self) { try HiddenFile(path: "/data/audit", mount: 99).places(table) }
        #expect(throws: SystemError.self) { try HiddenFile(path: "/elsewhere", mount: 26).places(table) }
    }

    @Test func `what a descriptor is decides whether there is something to hide`() throws {
        let folder = try Folder()
        let file = try FileDescriptor.open(folder.path + "/audit", O_WRONLY | O_CREAT)
        #expect(try HiddenFile(of: file.raw)?.path == BytePath(folder.path + "/audit"))
        #expect(unsafe mkfifo(folder.path + "/pipe", 0o600) == 0)
        let pipe = try FileDescriptor.open(folder.path + "/pipe", O_RDWR)
        #expect(try HiddenFile(of: pipe.raw) != nil)
        let null = try FileDescriptor.open("/dev/null", O_WRONLY)
        #expect(try HiddenFile(of: null.raw) == nil)
        let (one, other) = try FileDescriptor.socketPair(type: Int32(SOCK_STREAM.rawValue))
        #expect(try HiddenFile(of: one) == nil)
        close(one)
        close(other)
        #expect(unsafe link(folder.path + "/audit", folder.path + "/again") == 0)
        #expect(throws: HiddenFile.Unhidable.self) { try HiddenFile(of: file.raw) }
        #expect(unsafe unlink(folder.path + "/audit") == 0)
        #expect(throws: HiddenFile.Unhidable.self, "its path leads nowhere") { try HiddenFile(of: file.raw) }
        #expect(unsafe unlink(folder.path + "/again") == 0)
        #expect(try HiddenFile(of: file.raw) == nil)
    }

    @Test(
        arguments: [
            ("/work", 25, WorkingDirectory.kept), ("/data/x (deleted)", 26, .kept),
            ("/proc/self", 25, .entered("/proc/self")),
            ("/dev/data/x", 33, .entered("/dev/data/x")),
        ] as [(BytePath, UInt64, WorkingDirectory)]
    )
    func `a working directory that is hidden is entered again`(
        _ path: BytePath,
        _ mount: UInt64,
        _ expected: WorkingDirectory
    ) throws {
        let table = try MountTable(Array(Self.lines.utf8))
        #expect(
            try WorkingDirectory.judge(path, mount: mount, table, KernelMounts(table) { _ in .directory }) == expected
        )
    }

    @Test(
        arguments: [
            ("/covered/x", 31), ("/covered/logs", 32), ("/gone", 99), ("(unreachable)/x", 25), ("/elsewhere", 26),
        ]
            as [(BytePath, UInt64)]
    )
    func `a working directory that nobody judged ends the start`(_ path: BytePath, _ mount: UInt64) throws {
        let table = try MountTable(Array((Self.lines + "\n34 31 0:34 / /covered rw - tmpfs none rw").utf8))
        #expect(throws: SystemError.self) {
            try WorkingDirectory.judge(path, mount: mount, table, KernelMounts(table) { _ in .directory })
        }
    }
}

/// A folder that goes with the test.
private final class Folder {
    let path: String

    init() throws {
        var template = Array("/tmp/egress-test-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw SupportError("mkdtemp: \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for name in ["audit", "again", "pipe"] { unsafe unlink(path + "/" + name) }
        unsafe rmdir(path)
    }
}
