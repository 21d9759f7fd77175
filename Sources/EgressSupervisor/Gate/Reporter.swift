// SPDX-License-Identifier: Apache-2.0

public import EgressAudit
import EgressPolicy
import Glibc
import LinuxSystem

/// Tells what happened: to the audit file all of it, to the terminal what is news.
public final class Reporter {
    private var teller: DenialTeller
    private var audit: AuditLog?
    private let hasAudit: Bool
    private var terminal: LineWriter
    /// How many decisions were told of that allowed, and that denied.
    public private(set) var allowed: UInt64 = 0, denied: UInt64 = 0

    /// A reporter that writes to standard error and, if there is one, to an audit log.
    public init(teller: DenialTeller, audit: consuming AuditLog?) {
        self.teller = teller
        hasAudit = audit != nil
        self.audit = audit
        // The command may fill a pipe between our look at it and our line.
        terminal = LineWriter(descriptor: FileDescriptor.neverWaiting(on: STDERR_FILENO)?.release() ?? STDERR_FILENO)
    }

    /// True if it is worth a look at who wants what is allowed.
    var wantsCallers: Bool { hasAudit || teller.tellsEverything }

    /// How many events could not be written to the audit log; nil without one.
    public var lostEvents: UInt64? { audit?.lostEvents }

    /// Tells of an event.
    public func report(_ event: AuditEvent) {
        if let verdict = event.verdict {
            if verdict.isAllowed { allowed &+= 1 } else { denied &+= 1 }
        }
        let wasFull = audit?.isFull
        do {
            try audit?.write(event)
            if wasFull == false, audit?.isFull == true {
                say(
                    "egress-run: the audit has reached its limit (--audit-limit): of what follows only the end is written"
                )
            }
        } catch {
            say("egress-run: the audit file can't be written: \(error)")
        }
        // Programs look addresses up in reverse on their own account; nobody asked for it, and no rule would help.
        if event.recordType != "PTR", let line = teller.line(for: event) { say(line) }
    }

    /// Writes a line to standard error, unless nobody reads it: the supervisor must not wait on its caller's terminal.
    public func say(_ line: String) {
        var entry = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        guard unsafe poll(&entry, 1, 0) == 1, entry.revents & Int16(POLLOUT) != 0 else { return }
        // A line that fails has nowhere else to go.
        try? terminal.write(Array(line.utf8))
    }
}
