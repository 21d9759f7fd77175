// SPDX-License-Identifier: Apache-2.0

import EgressCommandLine
import EgressSupervisor
import Glibc
import LinuxSystem

/// Runs a program as a child, for so many nanoseconds at most; returns the exit status.
///
/// The child stays in our process group, so that the terminal's signals reach it without us; those that a process sends
/// to us are passed on. Orphans below become our children: at the time's end all are found and killed.
func run(
    _ name: String,
    _ arguments: UnsafePointer<UnsafeMutablePointer<CChar>?>,
    for timeout: UInt64
) throws(Failure) -> Int32 {
    let deadline = monotonicNow().addingReportingOverflow(timeout)
    guard ProcessSignal.adoptOrphans() else { throw Failure("\(SystemError("adopting orphans"))") }
    var mask = sigset_t()
    unsafe sigprocmask(SIG_BLOCK, nil, &mask)
    ProcessSignal.setDefault(SIGCHLD)
    let signals: SignalDescriptor
    do {
        signals = try SignalDescriptor(JobControl.forwarded.filter { $0 != SIGTSTP && $0 != SIGCONT } + [SIGCHLD])
    } catch {
        throw Failure("\(error)")
    }
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    unsafe posix_spawnattr_setsigmask(&attributes, &mask)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var child: pid_t = 0
    let error = unsafe posix_spawnp(&child, name, nil, &attributes, arguments, environ)
    guard error == 0 else { return notExecuted(name, error) }

    while true {
        while let signal = signals.next() {
            if signal.number != SIGCHLD, !signal.isFromKernel { kill(child, signal.number) }
        }
        var status: Int32 = 0
        while case let pid = unsafe waitpid(-1, &status, WNOHANG), pid > 0 {
            if pid == child { return ExitStatus.of(waitStatus: status) }
        }
        let now = monotonicNow()
        guard deadline.overflow || now < deadline.partialValue else { break }
        let left = deadline.overflow ? .max : (deadline.partialValue - now) / 1_000_000 + 1
        var request = pollfd(fd: signals.descriptor.raw, events: Int16(POLLIN), revents: 0)
        unsafe poll(&request, 1, Int32(clamping: left))
    }
    endDescendants()
    return ExitStatus.timedOut
}

/// Kills our children until there are none; theirs become ours when they end. One that waits in the kernel, for a file server
/// that doesn't answer, is left behind after ten seconds.
private func endDescendants() {
    let limit = monotonicNow() + 10_000_000_000
    while monotonicNow() < limit {
        for child in children() { kill(child, SIGKILL) }
        while case let pid = waitpid(-1, nil, WNOHANG), pid != 0 {
            if pid < 0, errno == ECHILD { return }
        }
        usleep(1000)
    }
    complain("a process of the command's is killed and waits in the kernel; it is left behind")
}

/// The children of this process, which has one thread.
private func children() -> [pid_t] {
    let path = "/proc/self/task/\(getpid())/children"
    return (text(ofFile: path) ?? "").split(separator: " ").compactMap { pid_t($0) }
}
