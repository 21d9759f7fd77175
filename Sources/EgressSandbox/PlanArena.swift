// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc
import LinuxSystem

/// A plan in the form that C reads after clone(2). All of it is allocated before, and lives as long as the arena.
@safe final class PlanArena {
    /// The plan.
    let sandbox: UnsafeMutablePointer<egress_sandbox>
    private var allocations: [UnsafeMutableRawPointer] = unsafe []
    private let capabilities: cap_t?

    init(_ plan: SandboxPlan, _ inheritance: Launcher.Inheritance, agentControl: Int32, initControl: Int32) {
        unsafe sandbox = .allocate(capacity: 1)
        unsafe sandbox.initialize(to: egress_sandbox())
        unsafe capabilities = Self.capabilitySet(plan.command.capabilities)
        // CLONE_NEWUSER | CLONE_NEWNET; NEWNS | NEWUTS | NEWIPC | NEWPID | NEWNET
        unsafe sandbox.pointee.agent_flags = 0x1000_0000 | 0x4000_0000
        unsafe sandbox.pointee.init_flags = 0x2_0000 | 0x400_0000 | 0x800_0000 | 0x2000_0000 | 0x4000_0000
        unsafe sandbox.pointee.agent_control = agentControl
        unsafe sandbox.pointee.init_control = initControl
        unsafe sandbox.pointee.link_index = PrivateNetwork.linkIndex
        unsafe sandbox.pointee.relay_before = namespace(plan.relayBefore, [])
        unsafe sandbox.pointee.relay = namespace(plan.relay, plan.relaySockets)
        unsafe sandbox.pointee.mounts = namespace(plan.mounts, [])
        unsafe sandbox.pointee.worker = namespace(plan.worker, plan.workerSockets)
        if let ipv4 = plan.listeners.first { unsafe sandbox.pointee.listeners.0 = listener(ipv4) }
        if let ipv6 = plan.listeners.dropFirst().first { unsafe sandbox.pointee.listeners.1 = listener(ipv6) }
        unsafe sandbox.pointee.command = command(plan, inheritance)
    }

    deinit {
        unsafe allocations.forEach { unsafe $0.deallocate() }
        if let capabilities = unsafe capabilities { unsafe cap_free(UnsafeMutableRawPointer(capabilities)) }
        unsafe sandbox.deallocate()
    }

    // MARK: Parts

    private func namespace(_ steps: [SandboxPlan.Step], _ sockets: [SandboxPlan.SocketPlan]) -> egress_namespace {
        unsafe egress_namespace(
            steps: array(steps.map { unsafe step($0) }),
            step_count: steps.count,
            sockets: array(sockets.map { unsafe socket($0) }),
            socket_count: sockets.count
        )
    }

    private func step(_ step: SandboxPlan.Step) -> egress_step {
        var result = unsafe egress_step()
        unsafe result.what = UnsafePointer(text(step.what))
        switch step {
        case .netlink(_, let message, let pidOffset):
            unsafe result.kind = EGRESS_STEP_NETLINK
            unsafe result.bytes = bytes(message.bytes)
            unsafe result.count = message.bytes.count
            unsafe result.pid_offset = pidOffset
        case .mount(_, let source, let target, let type, let flags, let options):
            unsafe result.kind = EGRESS_STEP_MOUNT
            unsafe result.source = UnsafePointer(text((source ?? "none").bytes))
            unsafe result.target = UnsafePointer(text(target.bytes))
            unsafe result.type = type.map { unsafe UnsafePointer(text($0)) }
            unsafe result.options = options.map { unsafe UnsafePointer(text($0)) }
            unsafe result.flags = flags
        case .mountAttributes(_, let target, let attributes):
            unsafe result.kind = EGRESS_STEP_MOUNT_SETATTR
            unsafe result.target = UnsafePointer(text(target.bytes))
            unsafe result.flags = attributes.set
            unsafe result.clear = attributes.clear
            unsafe result.propagation = attributes.propagation
            unsafe result.recursive = attributes.isRecursive ? 1 : 0
        case .featureOff(_, let interface, let feature):
            unsafe result.kind = EGRESS_STEP_FEATURE_OFF
            unsafe result.source = UnsafePointer(text(feature))
            unsafe result.target = UnsafePointer(text(interface))
        case .write(_, let path, let content):
            unsafe result.kind = EGRESS_STEP_WRITE
            unsafe result.target = UnsafePointer(text(path.bytes))
            unsafe result.bytes = bytes(content)
            unsafe result.count = content.count
        case .directory, .link, .terminal, .enter, .unchanged: unsafe fileStep(step, &result)
        }
        return unsafe result
    }

    private func fileStep(_ step: SandboxPlan.Step, _ result: inout egress_step) {
        switch step {
        case .directory(_, let path):
            unsafe result.kind = EGRESS_STEP_DIRECTORY
            unsafe result.target = UnsafePointer(text(path.bytes))
        case .link(_, let path, let target):
            unsafe result.kind = EGRESS_STEP_LINK
            unsafe result.source = UnsafePointer(text(target.bytes))
            unsafe result.target = UnsafePointer(text(path.bytes))
        case .terminal(_, let source, let directory, let index):
            unsafe result.kind = EGRESS_STEP_TERMINAL
            unsafe result.source = UnsafePointer(text(source.bytes))
            unsafe result.target = UnsafePointer(text(directory.bytes))
            unsafe result.index = index
        case .enter(_, let path):
            unsafe result.kind = EGRESS_STEP_ENTER
            unsafe result.target = UnsafePointer(text(path.bytes))
        case .unchanged(_, let witness):
            unsafe result.kind = EGRESS_STEP_UNCHANGED
            unsafe result.descriptor = witness.file.raw
        case .netlink, .mount, .mountAttributes, .featureOff, .write: break
        }
    }

    private func socket(_ plan: SandboxPlan.SocketPlan) -> egress_socket {
        var result = unsafe egress_socket()
        unsafe result.what = UnsafePointer(text(plan.what))
        unsafe result.domain = plan.domain
        unsafe result.type = plan.type
        unsafe result.protocol = plan.protocolNumber
        unsafe result.options = UnsafePointer(array(plan.options.map { unsafe option($0) }))
        unsafe result.option_count = plan.options.count
        unsafe result.address_length = socklen_t(plan.address.count)
        unsafe withUnsafeMutableBytes(of: &result.address) { unsafe $0.copyBytes(from: plan.address) }
        unsafe result.backlog = plan.backlog
        return unsafe result
    }

    private func option(_ option: SandboxPlan.SocketPlan.Option) -> egress_option {
        switch option {
        case .number(let level, let name, let value):
            return unsafe egress_option(level: level, name: name, value: bytes(NetlinkMessage.bytes(value)), length: 4)
        case .filter(let instructions):
            let program = unsafe array([filter(instructions)])
            return unsafe egress_option(
                level: SOL_SOCKET,
                name: SO_ATTACH_FILTER,
                value: UnsafeRawPointer(program),
                length: socklen_t(MemoryLayout<sock_fprog>.size)
            )
        }
    }

    private func filter(_ instructions: [BPFProgram.Instruction]) -> sock_fprog {
        let program = instructions.map {
            sock_filter(code: $0.code, jt: $0.ifTrue, jf: $0.ifFalse, k: $0.operand)
        }
        return unsafe sock_fprog(len: UInt16(program.count), filter: array(program))
    }

    private func listener(_ plan: SandboxPlan.SocketPlan) -> egress_listener {
        unsafe egress_listener(socket: socket(plan), port_offset: 2)  // in sockaddr_in and sockaddr_in6 alike
    }

    private func command(_ plan: SandboxPlan, _ inheritance: Launcher.Inheritance) -> egress_command {
        let command = plan.command
        let shell: [UnsafeMutablePointer<CChar>?] =
            unsafe [text("/bin/sh"), text("")] + command.arguments.dropFirst().map { unsafe text($0) } + [nil]
        return unsafe egress_command(
            candidates: array(command.candidates.map { unsafe text($0) } + [nil]),
            argv: array(command.arguments.map { unsafe text($0) } + [nil]),
            script_argv: array(shell),
            envp: array(command.environment.map { unsafe text($0) } + [nil]),
            descriptors: inheritance.descriptors,
            forbids_core_dumps: plan.coreDumps == .pipe ? 1 : 0,
            mask: inheritance.mask,
            defaults: inheritance.defaults,
            ignored: inheritance.ignored,
            terminal: command.terminal,
            capabilities: capabilities,
            bounding: command.capabilities,
            landlock: egress_landlock(
                files: plan.landlock.files,
                network: plan.landlock.network,
                scoped: plan.landlock.scoped
            ),
            filter: filter(plan.filter),
            is_held: plan.isHeld ? 1 : 0
        )
    }

    /// A cap_t whose permitted and effective sets are `mask`; libcap only copies it into capset(2) in the child.
    private static func capabilitySet(_ mask: UInt64) -> cap_t? {
        guard let set = unsafe cap_init() else { return nil }
        for value in 0..<Int32(64) where mask >> UInt64(value) & 1 != 0 {
            var value = cap_value_t(value)
            unsafe cap_set_flag(set, CAP_PERMITTED, 1, &value, CAP_SET)
            unsafe cap_set_flag(set, CAP_EFFECTIVE, 1, &value, CAP_SET)
        }
        return unsafe set
    }

    // MARK: Memory

    private func array<Element>(_ elements: [Element]) -> UnsafeMutablePointer<Element> {
        let memory = UnsafeMutablePointer<Element>.allocate(capacity: max(elements.count, 1))
        for (index, element) in elements.enumerated() { unsafe (memory + index).initialize(to: element) }
        unsafe allocations.append(UnsafeMutableRawPointer(memory))
        return unsafe memory
    }

    private func bytes(_ content: [UInt8]) -> UnsafeMutableRawPointer {
        unsafe UnsafeMutableRawPointer(array(content))
    }

    private func text(_ content: String) -> UnsafeMutablePointer<CChar> {
        unsafe text(Array(content.utf8))
    }

    private func text(_ content: [UInt8]) -> UnsafeMutablePointer<CChar> {
        unsafe array(content.map { CChar(bitPattern: $0) } + [0])
    }
}
