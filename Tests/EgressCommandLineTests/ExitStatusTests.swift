// SPDX-License-Identifier: Apache-2.0

import EgressCommandLine
import Testing

struct ExitStatusTests {
    /// Wait statuses as wait(2) lays them out: the exit status above the signal and the core flag.
    @Test(
        arguments: [
            (0x0000, 0), (0x0100, 1), (0x7d00, 125), (0xff00, 255),
            // SIGHUP, SIGINT, SIGKILL, SIGTERM
            (0x0001, 129), (0x0002, 130), (0x0009, 137), (0x000f, 143),
            // SIGSEGV with a core dump; SIGRTMAX
            (0x008b, 139), (0x0040, 192),
        ] as [(Int32, Int32)]
    ) func `a command's end is told as a shell tells it`(_ status: Int32, _ expected: Int32) {
        #expect(ExitStatus.of(waitStatus: status) == expected)
    }

    /// POSIX, XCU 2.8.2: 127 for a command that is not found, 126 for one that is and can't be executed.
    @Test(arguments: [(2, 127), (13, 126), (8, 126), (40, 126), (7, 126), (0, 126)] as [(Int32, Int32)])
    func `a command that can't be executed is told as a shell tells it`(_ code: Int32, _ expected: Int32) {
        #expect(ExitStatus.of(executionError: code) == expected)
    }

    @Test func `no status of our own is another's`() {
        let own = [ExitStatus.timedOut, ExitStatus.ownFailure, ExitStatus.cannotExecute, ExitStatus.notFound]
        #expect(own == [124, 125, 126, 127])
        #expect(ExitStatus.killed == ExitStatus.of(waitStatus: 9))
    }
}
