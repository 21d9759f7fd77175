// SPDX-License-Identifier: Apache-2.0

import EgressSandbox
import Glibc
import LinuxSystem

/// The command as the job that the caller started: signals, stops and the terminal.
///
/// The command has a process group of its own, or `kill(0, ...)` inside would reach the caller's group outside. So that a
/// terminal behaves as if there were no such thing:
/// - when we alone are the terminal's foreground job, the command's group is put there before it starts, and Ctrl-C and
///   the like go straight to it;
/// - otherwise (a pipeline, a script) our group stays, we pass on what the terminal sends us, and give the command the
///   foreground when it stops for want of it;
/// - when the command stops, we take the terminal back and stop as well, so that the caller's shell sees it.
public final class JobControl {
    /// What is passed on to the command.
    public static let forwarded = [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT, SIGWINCH]
    /// What says that nothing more is to be waited for; a terminal that is resized does not.
    static let ending: Set<Int32> = [SIGTERM, SIGINT, SIGHUP, SIGQUIT]
    /// What we ignore for ourselves: writing to the terminal from the background, readers that are gone, and an audit file
    /// as large as files may be.
    public static let ignored = [SIGTTOU, SIGTTIN, SIGPIPE, SIGXFSZ]

    /// What must have its default for us: children of a process that ignores SIGCHLD leave no status behind.
    public static let defaulted = [SIGCHLD]

    private let command: Int32
    private let commandPid: Int32
    private let terminal: Int32?
    private let ownGroup = getpgrp()

    /// The terminal whose foreground the command should have from the start, or -1.
    public static func terminalForCommand() -> Int32 {
        let isAlone = getpgrp() == getpid() && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
        return isAlone && tcgetpgrp(STDIN_FILENO) == getpgrp() ? STDIN_FILENO : -1
    }

    init(command: Int32, commandPid: Int32) {
        self.command = command
        self.commandPid = commandPid
        terminal = [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO].first { isatty($0) == 1 }
    }

    /// Passes a signal on. What the terminal sent, it sent to a whole group.
    func forward(_ signal: ReceivedSignal) {
        if signal.number == SIGCONT { return resume() }
        if signal.isFromKernel, signal.number != SIGHUP || terminal != nil {
            kill(-commandPid, signal.number)
        } else {
            ProcessSignal.send(signal.number, to: command)
        }
    }

    /// The command stopped: gives it the terminal if that is what it lacks, else stops with it, until `deadline` at most
    /// (monotonic nanoseconds). Without a terminal there is no job control: nobody would let us go on.
    ///
    /// - Throws: why nothing would let us go on at the deadline; then we do not stop.
    func commandStopped(by signal: Int32, until deadline: UInt64?) throws(SystemError) {
        if signal == SIGTTIN || signal == SIGTTOU, let terminal, tcgetpgrp(terminal) == ownGroup {
            return resume()
        }
        takeTerminalBack()
        guard terminal != nil else { return }
        if let deadline, !ProcessSignal.continueSelf(at: deadline) {
            throw SystemError("making a timer (is the limit of pending signals reached?)")
        }
        // Not SIGTSTP: the kernel discards it in a group without a parent shell, and the stop would be lost.
        kill(getpid(), SIGSTOP)
    }

    /// Gives the terminal back to our group, if the command has it.
    func takeTerminalBack() {
        if let terminal, tcgetpgrp(terminal) == commandPid { tcsetpgrp(terminal, ownGroup) }
    }

    /// Lets the command go on, in the foreground if we are.
    private func resume() {
        if let terminal, tcgetpgrp(terminal) == ownGroup { tcsetpgrp(terminal, commandPid) }
        kill(-commandPid, SIGCONT)
    }
}
