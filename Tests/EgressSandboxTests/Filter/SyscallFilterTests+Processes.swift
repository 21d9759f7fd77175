// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import Testing

@testable import EgressSandbox

extension SyscallFilterTests {
    // MARK: Init

    @Test func `pid 1 is neither changed nor traced`() throws {
        for pid in [1, 1 << 32 | 1] as [UInt64] {
            for call in [
                "sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr", "move_pages",
                "migrate_pages", "pidfd_open", "process_vm_readv", "process_vm_writev", "kcmp",
            ] {
                #expect(try answer(call, pid, 8, 4096, 4096) == .fails(EPERM), "\(call)")
            }
            #expect(try answer("kcmp", 7, pid) == .fails(EPERM))
            for request in [3, 16, 0x4206] as [UInt64] { #expect(try answer("ptrace", request, pid) == .fails(EPERM)) }
            #expect(try answer("prlimit64", pid, 0, 4096, 0) == .fails(EPERM))
            #expect(try answer("prlimit64", pid, 0, 1 << 40, 4096) == .fails(EPERM))
            #expect(try answer("setpriority", 0, pid, 19) == .fails(EPERM))
            #expect(try answer("ioprio_set", 1, pid, 0x6000) == .fails(EPERM))
            #expect(try answer("perf_event_open", 4096, pid, .max, .max, 0) == .fails(EPERM))
        }
        // Of all processes of a user it is one.
        #expect(try answer("setpriority", 2, 0, 19) == .fails(EPERM))
        #expect(try answer("ioprio_set", 3, 0, 0x6000) == .fails(EPERM))
    }

    @Test func `others are changed, and pid 1 is looked at`() throws {
        for pid in [0, 2, 4711, 0xffff_ffff] as [UInt64] {
            for call in ["sched_setaffinity", "sched_setscheduler", "pidfd_open", "process_vm_readv", "prlimit64"] {
                #expect(try answer(call, pid, 8, 4096, 4096) == .allowed, "\(call)")
            }
            for request in [16, 0x4206] as [UInt64] { #expect(try answer("ptrace", request, pid) == .allowed) }
            #expect(try answer("setpriority", 0, pid, 19) == .allowed)
            #expect(try answer("setpriority", 1, pid, 19) == .allowed)
            #expect(try answer("ioprio_set", 1, pid, 0x6000) == .allowed)
        }
        #expect(try answer("ptrace", 0, 0, 0, 0) == .allowed, "PTRACE_TRACEME")
        #expect(try answer("prlimit64", 1, 7, 0, 4096) == .allowed)
        for call in ["sched_getaffinity", "sched_getscheduler", "getpgid", "getsid"] {
            #expect(try answer(call, 1, 8, 4096) == .allowed, "\(call)")
        }
        #expect(try answer("getpriority", 0, 1) == .allowed)
    }

    @Test func `events of one process are counted, and of a processor or a group none`() throws {
        for pid in [0, 2, 4711] as [UInt64] {
            for flags in [0, 1, 2, 8, 9] as [UInt64] {
                #expect(try answer("perf_event_open", 4096, pid, .max, .max, flags) == .allowed)
            }
            for flags in [4, 12, 1 << 40 | 4] as [UInt64] {
                #expect(try answer("perf_event_open", 4096, pid, 0, .max, flags) == .fails(EPERM))
            }
        }
        for pid in [.max, 0xffff_ffff, 0x8000_0000] as [UInt64] {
            #expect(try answer("perf_event_open", 4096, pid, 0, .max, 0) == .fails(EPERM))
        }
    }

    @Test func `of the kernel's log, reading what anybody may read is allowed`() throws {
        for action in 0...20 as ClosedRange<UInt64> {
            #expect(try answer("syslog", action, 4096, 4096) == ([3, 10].contains(action) ? .allowed : .fails(EPERM)))
        }
    }

    // MARK: Core dumps

    @Test func `where it must stay the limit of core dumps is not set, and others are`() throws {
        let machine = try ClassicBPF(
            try compileSyscallFilter(SyscallFilter.rules(unixDatagrams: false, keepsCoreLimit: true))
        )
        func answer(_ name: String, _ arguments: UInt64...) throws -> FilterAnswer {
            let call = SystemCall(number: try #require(SystemCall.number(of: name)), arguments: arguments)
            return FilterAnswer(try machine.run(.call(call.data)))
        }
        for core in [4, 1 << 32 | 4] as [UInt64] {
            #expect(try answer("setrlimit", core, 4096) == .fails(0))
            for pid in [0, 2] as [UInt64] {
                #expect(try answer("prlimit64", pid, core, 4096, 0) == .fails(0))
                #expect(try answer("prlimit64", pid, core, 4096, 8192) == .fails(EPERM))
                #expect(try answer("prlimit64", pid, core, 0, 8192) == .allowed)
            }
        }
        for other in 0...15 as ClosedRange<UInt64> where other != 4 {
            #expect(try answer("setrlimit", other, 4096) == .allowed)
            #expect(try answer("prlimit64", 0, other, 4096, 8192) == .allowed)
        }
        #expect(try self.answer("setrlimit", 4, 4096) == .allowed)
        #expect(try self.answer("prlimit64", 0, 4, 4096, 8192) == .allowed)
    }
}
