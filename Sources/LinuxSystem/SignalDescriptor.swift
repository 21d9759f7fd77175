// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// A signal that was taken from a `SignalDescriptor`.
public struct ReceivedSignal: Sendable {
    /// Its number.
    public let number: Int32
    /// True if the kernel sent it, as the terminal driver does at Ctrl-C; false if a process did.
    public let isFromKernel: Bool
}

/// Signals as readable events (signalfd(2)); they stay blocked as long as the process lives.
public struct SignalDescriptor: ~Copyable {
    /// The descriptor to wait on.
    public let descriptor: FileDescriptor

    /// Blocks the signals and makes the descriptor.
    public init(_ numbers: [Int32]) throws(SystemError) {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in numbers { unsafe sigaddset(&set, number) }
        unsafe sigprocmask(SIG_BLOCK, &set, nil)
        let flags = Int32(SFD_NONBLOCK | SFD_CLOEXEC)
        descriptor = FileDescriptor(
            owning: try retrying("making a signal descriptor") { unsafe signalfd(-1, &set, flags) }
        )
    }

    /// The next signal that waits.
    public borrowing func next() -> ReceivedSignal? {
        var information = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        guard unsafe read(descriptor.raw, &information, size) == size else { return nil }
        return ReceivedSignal(
            number: Int32(bitPattern: information.ssi_signo),
            isFromKernel: information.ssi_code == 0x80  // SI_KERNEL
        )
    }
}
