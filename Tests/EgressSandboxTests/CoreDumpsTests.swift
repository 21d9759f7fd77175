// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import EgressSandbox

/// core(5)
struct CoreDumpsTests {
    @Test(arguments: [
        ("core", CoreDumps.file), ("core.%p", .file), ("/var/crash/core.%e.%p", .file), ("", .file), (" |x", .file),
        ("|/usr/lib/systemd/systemd-coredump %P %u %g %s %t %c %h %d", .pipe),
        ("|/usr/share/apport/apport -p%p -s%s -c%c", .pipe), ("|", .pipe), ("@/run/coredump.socket", .socket),
        ("@@/run/coredump.socket", .socket),
    ])
    func `the first character of the pattern says where dumps go`(_ pattern: String, _ want: CoreDumps) {
        // The kernel ends the file with a newline, also that of no pattern.
        #expect(CoreDumps(pattern: Array("\(pattern)\n".utf8)) == want)
    }

    @Test func `a pattern that can't be read may be a pipe's`() {
        #expect(CoreDumps(pattern: nil) == .pipe)
    }

    @Test func `only a death that would have left a dump is told, and only where it was forbidden`() {
        // signal(7), action "Core"
        let dumping = [SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS]
        for signal in 1...64 as ClosedRange<Int32> {
            #expect(CoreDumps.pipe.keepsDump(of: signal) == dumping.contains(signal), "signal \(signal)")
            #expect(!CoreDumps.file.keepsDump(of: signal))
        }
        for status in [0, 1, 11, 139, 255] as [Int32] { #expect(!CoreDumps.pipe.keepsDump(of: status << 8)) }
    }

    /// The effect for real needs a pattern that begins with '|', which is the machine's.
    @Test func `a limit of 1 can be set by whoever may set any, and no higher one after it`() async {
        await #expect(processExitsWith: .success) {
            var one = rlimit(rlim_cur: 1, rlim_max: 1)
            precondition(unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &one) == 0)
            var now = rlimit()
            precondition(unsafe getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &now) == 0)
            precondition(now.rlim_cur == 1 && now.rlim_max == 1)
        }
    }
}
