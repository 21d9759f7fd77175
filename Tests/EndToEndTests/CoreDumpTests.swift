// SPDX-License-Identifier: Apache-2.0

import EgressSandbox
import Glibc
import LinuxSystem
import Testing

extension EndToEnd {
    /// A plan performed as on a machine whose kernel.core_pattern is another: this one's is everybody's, and stays.
    @Suite struct CoreDumpLimit {
        /// What a shell line of a held command writes into a file.
        private static func output(of line: String, _ coreDumps: CoreDumps) throws -> String {
            let path = "/tmp/egress-core-\(getpid())"
            defer { _ = unsafe unlink(path) }
            let command = CommandPlan(
                candidates: ["/bin/sh"],
                arguments: ["sh", "-c", "{ \(line); } >'\(path)' 2>&1"].map { Array($0.utf8) },
                environment: [Array("PATH=/usr/bin:/bin".utf8)],
                terminal: -1,
                capabilities: Identity.current().capabilities
            )
            let files = PrivateFiles(contents: [("/etc/hosts", [])])
            let plan = try SandboxPlan(command: command, loopback: [], files: files, coreDumps: coreDumps)
            let inheritance = Launcher.Inheritance.remember(ignoring: [], defaulting: [])
            let sandbox = try Launcher(plan, inheritance: inheritance).launch()
            defer {
                for pid in [sandbox.initPid, sandbox.agentPid] {
                    kill(pid, SIGKILL)
                    _ = ProcessSignal.reap(pid, until: monotonicNow() + 10_000_000_000)
                }
                for descriptor in [sandbox.notifications, sandbox.diagnostics] + sandbox.relaySockets.values {
                    close(descriptor)
                }
            }
            // Nobody answers what is notified here: a line that connects would wait for ever.
            var entry = pollfd(fd: sandbox.initControl.raw, events: Int16(POLLIN), revents: 0)
            while unsafe poll(&entry, 1, 20_000) == 1,
                let report = try SandboxReport.receive(sandbox.initControl.raw)
            {
                if case .exited(let status) = report {
                    precondition(status == 0, "status \(status)")
                    return String(decoding: contents(ofFile: path) ?? [], as: UTF8.self)
                }
            }
            fatalError("the command did not end")
        }

        /// A shell says that the limit was set; the kernel's file says what it is.
        private static let line =
            "ulimit -S -c 0 && echo set; sed -n 's/Max core file size *\\([^ ]*\\).*/\\1/p' /proc/self/limits; "
            + "/usr/bin/python3 -I -S -c 'import resource as r; r.prlimit(0, r.RLIMIT_CORE, (0, 0))' 2>&1 | tail -1; echo end"

        @Test func `where dumps would leave, the limit is 1 whatever the command sets`() async {
            await #expect(processExitsWith: .success) {
                let held = try CoreDumpLimit.output(of: CoreDumpLimit.line, .pipe)
                // resource.prlimit asks for the limit before, too.
                precondition(held.hasPrefix("set\n1\n") && held.hasSuffix("not permitted\nend\n"), held)
                let free = try CoreDumpLimit.output(of: CoreDumpLimit.line, .file)
                precondition(free == "set\n0\nend\n", "the control: \(free)")
            }
        }
    }
}
