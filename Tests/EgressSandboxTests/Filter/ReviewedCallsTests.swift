// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import Testing

@testable import EgressSandbox
@testable import LinuxSystem

/// The table against the kernels' own lists of calls: none is left unread, and each is meant by its number.
struct ReviewedCallsTests {
    /// Every name of the table, as a run has it.
    private static let reviewed = Set(SyscallFilter.rules.map(\.call))

    private static func fixture(_ architecture: String) throws -> [String: UInt32] {
        let path =
            String(#filePath.dropLast("/Tests/EgressSandboxTests/Filter/ReviewedCallsTests.swift".count))
            + "/Fixtures/sandbox/syscalls-\(architecture).txt"
        let lines = String(decoding: try #require(contents(ofFile: path)), as: UTF8.self).split(separator: "\n")
        return Dictionary(
            uniqueKeysWithValues: try lines.map { line in
                let fields = line.split(separator: " ")
                return (String(fields[0]), try #require(UInt32(fields[1])))
            }
        )
    }

    /// "#define __NR_read 0" lines of a header, less the time64 calls of 32-bit machines (403 to 423).
    private static func header(_ path: String) -> [String: UInt32]? {
        guard let bytes = contents(ofFile: path) else { return nil }
        var calls: [String: UInt32] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard fields.count >= 3, fields[0] == "#define", fields[1].hasPrefix("__NR_"),
                let number = UInt32(fields[2]),
                !(403...423).contains(number)
            else { continue }
            calls[String(fields[1].dropFirst(5))] = number
        }
        return calls
    }

    /// The newest headers that the machine has, of either kind.
    private static let headers = [
        "/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/aarch64-linux-gnu/asm/unistd_64.h",
        "/usr/include/asm-generic/unistd.h",
    ]

    @Test(arguments: ["x86_64", "aarch64"]) func `no call that kernels have is left unread`(_ architecture: String)
        throws
    {
        let calls = try Self.fixture(architecture)
        #expect(calls.count > 300)
        #expect(calls.keys.filter { !Self.reviewed.contains($0) }.sorted() == [])
        // The last one that was read; a later kernel's list belongs here, with its calls in the table.
        #expect(calls.values.max() == 471)
    }

    @Test func `nor one that the headers of this machine have`() throws {
        // Names of the macros themselves
        let others: Set<String> = ["syscalls", "arch_specific_syscall"]
        let found = Self.headers.compactMap(Self.header)
        try #require(!found.isEmpty, "there are no headers: linux-libc-dev")
        for calls in found {
            #expect(calls.count > 250)
            #expect(calls.keys.filter { !Self.reviewed.contains($0) && !others.contains($0) }.sorted() == [])
        }
    }

    @Test func `each is known by the number that this architecture's kernel has for it`() throws {
        #if arch(x86_64)
        let calls = try Self.fixture("x86_64")
        #else
        let calls = try Self.fixture("aarch64")
        #endif
        for (name, number) in calls { #expect(try SyscallNumber.native(of: name) == number, "\(name)") }
        // A name of the table that this architecture does not have: another one has it.
        let elsewhere = Set(try ["x86_64", "aarch64"].flatMap { try Self.fixture($0).keys })
        for name in Self.reviewed where calls[name] == nil {
            #expect(try SyscallNumber.native(of: name) == nil, "\(name)")
            #expect(elsewhere.contains(name) || ["umount", "sync_file_range2"].contains(name), "\(name)")
        }
    }

    /// libseccomp knows the numbers of both architectures wherever it runs: a name that is misspelt for one shows on the other.
    @Test(arguments: [("x86_64", 0xc000_003e), ("aarch64", 0xc000_00b7)] as [(String, UInt32)])
    func `libseccomp knows each name of the table, by the number that it has there`(_ name: String, _ token: UInt32)
        throws
    {
        let newer = Set(SyscallNumber.newer.map(\.name)), calls = try Self.fixture(name)
        for call in Self.reviewed.subtracting(newer) {
            let number = unsafe seccomp_syscall_resolve_name_arch(token, call)
            #expect(number != -1, "\(call)")
            #expect(calls[call].map { Int32($0) == number } ?? (number < -1), "\(call): \(number)")
        }
    }

    @Test func `a name that libseccomp has come to know has the number of the table`() {
        for call in SyscallNumber.newer {
            let number = unsafe seccomp_syscall_resolve_name(call.name)
            #expect(number == -1 || number == Int32(call.number), "\(call.name), Linux \(call.since)")
        }
    }

    @Test func `no call is in two groups, and each group says why`() {
        let groups = SyscallFilter.allowed + SyscallFilter.refused
        for group in groups {
            #expect(!group.subject.isEmpty && group.reason.utf8.count > 10)
            #expect(!group.calls.isEmpty)
        }
        let grouped = groups.flatMap(\.calls)
        let judged = SyscallFilter.rules.dropFirst(grouped.count).map(\.call)
        #expect(Set(grouped).count == grouped.count)
        #expect(Set(grouped).isDisjoint(with: judged))
    }
}
