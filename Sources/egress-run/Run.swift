// SPDX-License-Identifier: Apache-2.0

import EgressAudit
import EgressCommandLine
import EgressDNS
import EgressEvidence
import EgressPolicy
import EgressSandbox
import EgressSupervisor
import Glibc
import LinuxSystem

/// Runs a command as the options say; returns the exit status.
func run(_ options: Options) throws(Failure) -> Int32 {
    if options.isolation == .preload { return try runPreloaded(options, commandPlan(options)) }
    try checkStandardDescriptors()
    let attestor = try Attestor(options)
    let settings = try Settings(options)
    attestor?.set(policy: settings.canonicalPolicy)
    let sockets = try standardSockets()
    defer { sockets.restore() }
    let audit = try Audit(options.auditPath)
    let hostname = PrivateFiles.hostname()
    let command = try commandPlan(options)
    let reporter = Reporter(
        teller: DenialTeller(
            detail: options.verbosity.detail,
            policy: settings.policy,
            searchDomains: settings.system.search
        ),
        audit: audit.descriptor.map { AuditLog(descriptor: $0, limit: options.auditLimit, tap: attestor?.auditTap) }
    )
    do {
        let inheritance = Launcher.Inheritance.remember(
            ignoring: JobControl.ignored,
            defaulting: JobControl.defaulted
        )
        for number in JobControl.ignored { ProcessSignal.ignore(number) }
        for number in JobControl.defaulted { ProcessSignal.setDefault(number) }
        let signals = try SignalDescriptor(JobControl.forwarded)
        ProcessSignal.raiseDescriptorLimit()
        let files = PrivateFiles.forCommand(
            settings.system,
            hostname: hostname,
            hidden: audit.hidden + (attestor?.hidden ?? [])
        )
        let coreDumps = CoreDumps.ofHost()
        let makePlan = { () throws(SystemError) in
            var plan = try SandboxPlan(
                command: command,
                loopback: settings.loopback,
                files: files,
                devices: settings.devices,
                unixDatagrams: settings.unixDatagrams,
                coreDumps: coreDumps
            )
            if attestor != nil { plan.hold() }
            return plan
        }
        let sandbox: Sandbox
        do {
            sandbox = try launch(inheritance, makePlan) { attestor?.attest($0, command) ?? true }
        } catch {
            switch attestor?.refusal {
            case .notExecutable(let code)?: return status(.notExecuted(code: code), command: command)
            case .failed(let failure)?: throw failure
            case nil: throw error
            }
        }
        // The command has these now. Standard error stays: denials are told there.
        for number in [STDIN_FILENO, STDOUT_FILENO] { FileDescriptor.releaseStandard(number) }
        let supervisor = try Supervisor(
            sandbox,
            signals: signals,
            names: settings.names(hostname: hostname),
            unixPaths: settings.unixPaths,
            unixDatagrams: settings.unixDatagrams,
            reporter: reporter,
            timeout: options.timeout,
            capabilities: command.capabilities,
            writesFiles: attestor != nil
        )
        reporter.report(AuditEvent(.start))
        let outcome = try supervisor.run()
        if case .exited(let status) = outcome, coreDumps.keepsDump(of: status), options.verbosity != .quiet {
            complain("no core was dumped: this machine's kernel.core_pattern gives dumps to a program outside")
        }
        let result = status(outcome, command: command)
        var end = AuditEvent(.exit)
        end.status = result
        reporter.report(end)
        attestor?.conclude(
            exitStatus: result,
            allowed: reporter.allowed,
            denied: reporter.denied,
            lost: reporter.lostEvents
        )
        return result
    } catch let failure as Failure {
        throw failure
    } catch let error as SandboxError {
        throw Failure(error.description)
    } catch {
        throw Failure("\(error)")
    }
}

/// Launches what is planned. A mount that came or went meanwhile was not judged: then all is planned again, a few times.
private func launch(
    _ inheritance: Launcher.Inheritance,
    _ plan: () throws(SystemError) -> SandboxPlan,
    examine: (borrowing HeldCommand) -> Bool
) throws(SandboxError) -> Sandbox {
    for attempt in 1... {
        do throws(SandboxError) {
            return try Launcher(SandboxError.of(plan), inheritance: inheritance).launch(examine: examine)
        } catch {
            guard error.isOutdated, attempt < 10 else { throw error }
        }
    }
    preconditionFailure("the last attempt returns or throws")
}

/// The exit status, with a word where the command could not be executed.
private func status(_ outcome: Supervisor.Outcome, command: CommandPlan) -> Int32 {
    switch outcome {
    case .exited(let status): return ExitStatus.of(waitStatus: status)
    case .timedOut: return ExitStatus.timedOut
    case .lost: return ExitStatus.killed
    case .notHeld: return ExitStatus.ownFailure
    case .notExecuted(let code):
        let name = String(decoding: command.arguments.first ?? [], as: UTF8.self)
        return notExecuted(name, code)
    }
}

/// The exit status of a command that could not be executed, after a word about it.
func notExecuted(_ name: String, _ code: Int32) -> Int32 {
    complain("can't execute '\(name)': \(SystemError("", code: code).reason)")
    return ExitStatus.of(executionError: code)
}

/// The command with its arguments and environment, byte by byte as they were given.
private func commandPlan(_ options: Options) throws(Failure) -> CommandPlan {
    let identity = Identity.current()
    let given = Array(rawArguments().dropFirst(1 + options.commandIndex))
    let arguments: [[UInt8]]
    switch options.command {
    case .program: arguments = given
    case .shell: arguments = ["sh", "-c", "--"].map { Array($0.utf8) } + given
    }
    let name: String
    switch options.command {
    case .program: name = String(decoding: given.first ?? [], as: UTF8.self)
    case .shell: name = "/bin/sh"
    }
    try Preload(options)?.install()
    return CommandPlan(
        candidates: CommandPlan.candidates(for: name, path: unsafe getenv("PATH").map { unsafe String(cString: $0) }),
        arguments: arguments,
        environment: unsafe strings(environ),
        terminal: JobControl.terminalForCommand(),
        capabilities: identity.capabilities
    )
}

private func rawArguments() -> [[UInt8]] {
    (0..<Int(CommandLine.argc)).compactMap { index in
        unsafe CommandLine.unsafeArgv[index].map { unsafe bytes($0) }
    }
}

private func strings(_ vector: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var next = unsafe vector
    while let string = unsafe next.pointee {
        unsafe result.append(bytes(string))
        unsafe next += 1
    }
    return result
}

private func bytes(_ string: UnsafeMutablePointer<CChar>) -> [UInt8] {
    unsafe Array(UnsafeBufferPointer(start: string, count: strlen(string))).map { UInt8(bitPattern: $0) }
}

extension Options.Verbosity {
    fileprivate var detail: DenialTeller.Detail {
        switch self {
        case .quiet: .quiet
        case .normal: .denials
        case .verbose: .everything
        }
    }
}

extension Settings {
    fileprivate func names(hostname: String) -> Resolver.Configuration {
        var limits = ResolverLimits()
        // Each takes a descriptor while it waits.
        limits.lookups = min(1024, max(64, ProcessSignal.descriptorLimit / 8))
        return Resolver.Configuration(
            policy: policy,
            servers: servers,
            hosts: HostsFile(parsing: text(ofFile: "/etc/hosts") ?? ""),
            extraTypes: recordTypes,
            localNames: Set([try? Host(hostname)].compactMap(\.self)),
            limits: limits
        )
    }
}
