// SPDX-License-Identifier: Apache-2.0

import LinuxSystem

extension SandboxPlan {
    /// A /dev of the command's own, made ready in the workshop and then moved over the machine's.
    static func deviceSteps(_ devices: PrivateDevices, hasQueues: Bool, _ identity: Identity) -> [Step] {
        let stage = workshop.adding(Array("/dev".utf8))
        func staged(_ path: BytePath) -> BytePath { stage.adding(path.rest(below: "/dev") ?? []) }
        var steps: [Step] = [
            .directory(what: "making room for /dev", stage),
            .mount(
                what: "mounting a new /dev (tmpfs)",
                source: "egress",
                target: stage,
                type: "tmpfs",
                flags: MountFlag.noSetuid | MountFlag.noExecution,
                options: "size=1m,mode=0755"
            ),
        ]
        var made: Set<BytePath> = ["/", "/dev"]
        func addDirectories(_ paths: some Sequence<BytePath>) {
            for path in paths where made.insert(path).inserted {
                steps.append(.directory(what: "making \(path)", staged(path)))
            }
        }
        for entry in devices.bound {
            addDirectories(entry.isDirectory ? entry.path.lineage : entry.path.lineage.dropLast())
            if !entry.isDirectory { steps.append(.write(what: "making \(entry.path)", path: staged(entry.path), [])) }
        }
        addDirectories(["/dev/pts", "/dev/shm"] + (hasQueues ? ["/dev/mqueue"] : []))
        steps += devices.links.map { .link(what: "linking \($0.path)", staged($0.path), target: $0.target) }
        steps += devices.bound.map { entry in
            .mount(
                what: "binding \(entry.path)",
                source: entry.source,
                target: staged(entry.path),
                flags: MountFlag.bind | (entry.isDirectory ? MountFlag.recursive : 0)
            )
        }
        // The machine's nodes were bound from where devices can't be opened any more. Read-only, they are read and written as
        // ever, but root can't change their modes and owners.
        steps.append(
            .mountAttributes(
                what: "letting devices be opened in /dev",
                target: stage,
                MountAttributes(set: MountFlag.readOnly, clear: MountFlag.noDevices, isRecursive: true)
            )
        )
        steps += terminalSteps(devices, staged("/dev/pts"), identity)
        steps += memorySteps(shared: staged("/dev/shm"), queues: hasQueues ? staged("/dev/mqueue") : nil)
        // Only root may write to it, as outside; in the namespace of anyone else it belongs to them.
        if !identity.deniesSetgroups {
            steps.append(
                .mountAttributes(
                    what: "making /dev writable",
                    target: stage,
                    MountAttributes(clear: MountFlag.readOnly)
                )
            )
        }
        steps.append(.mount(what: "covering /dev", source: stage, target: "/dev", flags: MountFlag.move))
        return steps
    }

    /// devpts(5): terminals of the command's own, and the caller's by its name.
    private static func terminalSteps(
        _ devices: PrivateDevices,
        _ directory: BytePath,
        _ identity: Identity
    ) -> [Step] {
        // Group 5 is "tty" wherever a distribution has grantpt(3) look for it; a namespace without it can't name it.
        let group = identity.hasGroup(5) ? ",gid=5" : ""
        var steps: [Step] = [
            .mount(
                what: "mounting a new /dev/pts (devpts)",
                source: "devpts",
                target: directory,
                type: "devpts",
                flags: MountFlag.noSetuid | MountFlag.noExecution,
                options: "newinstance,ptmxmode=0666,mode=0620" + group
            )
        ]
        for terminal in devices.terminals.sorted(by: { $0.index < $1.index }) {
            steps += [
                .terminal(
                    what: "keeping the name of the terminal \(terminal.source)",
                    source: terminal.source,
                    directory: directory,
                    index: terminal.index
                ),
                .mountAttributes(
                    what: "letting the terminal \(terminal.source) be opened",
                    target: directory.adding(Array("/\(terminal.index)".utf8)),
                    MountAttributes(clear: MountFlag.noDevices)
                ),
            ]
        }
        return steps
    }

    /// Shared memory and message queues of the command's own IPC namespace.
    private static func memorySteps(shared: BytePath, queues: BytePath?) -> [Step] {
        let steps: [Step] = [
            .mount(
                what: "mounting a new /dev/shm (tmpfs)",
                source: "shm",
                target: shared,
                type: "tmpfs",
                flags: MountFlag.noSetuid | MountFlag.noDevices,
                options: "mode=1777"
            )
        ]
        guard let queues else { return steps }
        return steps + [
            .mount(
                what: "mounting a new /dev/mqueue (mqueue)",
                source: "mqueue",
                target: queues,
                type: "mqueue",
                flags: MountFlag.quiet
            )
        ]
    }
}
