// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem
import Testing

/// Lets every signal be delivered: a process inherits what a thread of the tests blocks.
private func unblockAll() {
    var all = sigset_t()
    unsafe sigfillset(&all)
    unsafe sigprocmask(SIG_UNBLOCK, &all, nil)
}

/// In processes of their own: blocking a signal is for the whole life of one.
struct SignalDescriptorTests {
    @Test func `a signal is read instead of delivered, with who sent it`() async {
        await #expect(processExitsWith: .success) {
            unblockAll()
            let signals = try SignalDescriptor([SIGUSR1, SIGTERM])
            precondition(signals.next() == nil, "none waits yet")
            // To this thread: others of the test process do not block it.
            raise(SIGUSR1)
            raise(SIGTERM)
            let numbers = [signals.next(), signals.next()].compactMap { $0?.number }
            precondition(Set(numbers) == [SIGUSR1, SIGTERM], "\(numbers)")
            precondition(signals.next() == nil, "each is read once")
            raise(SIGUSR1)
            precondition(signals.next()?.isFromKernel == false, "a process sent it")
        }
    }

    @Test func `a signal that is not asked for is delivered`() async {
        await #expect(processExitsWith: .signal(SIGUSR2)) {
            unblockAll()
            let signals = try SignalDescriptor([SIGUSR1])
            raise(SIGUSR2)
            _ = signals.next()
        }
    }

    @Test func `an ignored signal ends nobody`() async {
        await #expect(processExitsWith: .success) {
            unblockAll()
            ProcessSignal.ignore(SIGPIPE)
            raise(SIGPIPE)
        }
    }

    @Test func `the descriptor limit rises to what is allowed`() async {
        await #expect(processExitsWith: .success) {
            ProcessSignal.raiseDescriptorLimit()
            var limit = rlimit()
            _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            precondition(limit.rlim_cur == limit.rlim_max)
        }
    }
}
