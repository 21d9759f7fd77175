// SPDX-License-Identifier: Apache-2.0

import LinuxSystem

/// Flags of mount(2) and mount_setattr(2); the first four of MOUNT_ATTR_ have the same values.
enum MountFlag {
    static let readOnly: UInt = 1  // MS_RDONLY
    static let noSetuid: UInt = 2  // MS_NOSUID
    static let noDevices: UInt = 4  // MS_NODEV
    static let noExecution: UInt = 8  // MS_NOEXEC
    static let remount: UInt = 32  // MS_REMOUNT
    static let bind: UInt = 4096  // MS_BIND
    static let move: UInt = 8192  // MS_MOVE
    static let recursive: UInt = 16384  // MS_REC
    static let isolated: UInt = 1 << 18  // MS_PRIVATE
    static let quiet = noSetuid | noDevices | noExecution
}

extension SandboxPlan {
    /// Where file systems are made ready. The new /proc covers it: nothing else shows where they came from.
    static let workshop: BytePath = "/proc"

    /// The command's view of the file system: the host's, with private name-service files, and a /dev and a /proc of its own.
    static func mountSteps(
        _ files: PrivateFiles,
        _ devices: PrivateDevices,
        _ machine: MachineMounts,
        _ identity: Identity
    ) throws(SystemError) -> [Step] {
        var hidden: [BytePath] = []
        for file in files.hidden { hidden += try file.places(machine.table, look: machine.look) }
        var steps: [Step] = [
            // Devices can be opened in our /dev alone, whatever else of the machine's is mounted where.
            .mountAttributes(
                what: "keeping the host's mounts and devices out",
                target: "/",
                MountAttributes(set: MountFlag.noDevices, propagation: MountFlag.isolated, isRecursive: true)
            )
        ]
        if let witness = machine.witness { steps.append(.unchanged(what: changedMounts, witness)) }
        steps.append(
            .mount(
                what: "making room for private files (tmpfs)",
                source: "egress",
                target: workshop,
                type: "tmpfs",
                flags: MountFlag.quiet,
                options: "size=1m,mode=0755"
            )
        )
        steps += deviceSteps(devices, hasQueues: machine.kernel.hasQueues, identity)
        for (index, cover) in machine.kernel.covered.enumerated() { steps += coverSteps(cover, index) }
        steps += privateFileSteps(files.contents) + processSteps(files)
        for path in files.covered.map({ BytePath($0) }) + machine.kernel.coveredFiles + hidden {
            steps.append(.mount(what: "covering \(path)", source: "/dev/null", target: path, flags: MountFlag.bind))
        }
        steps += kernelSteps(machine.kernel)
        if case .entered(let path) = machine.directory {
            steps.append(.enter(what: "entering the working directory again, which is hidden from the command", path))
        }
        return steps
    }

    /// The step that fails when a mount was made or taken away since they were judged.
    static let changedMounts = "judging the machine's mounts, which change again and again (try again)"

    /// Each file is written and bound from a mount that is read-only by then, and so are they.
    private static func privateFileSteps(_ contents: [(path: String, [UInt8])]) -> [Step] {
        let paths = contents.indices.map { workshop.adding(Array("/\($0)".utf8)) }
        var steps: [Step] = zip(contents, paths).map { file, path in
            .write(what: "writing the private \(file.path)", path: path, file.1)
        }
        steps.append(
            .mountAttributes(
                what: "making the private files read-only",
                target: workshop,
                MountAttributes(set: MountFlag.readOnly)
            )
        )
        return steps
            + zip(contents, paths).map { file, path in
                .mount(what: "covering \(file.path)", source: path, target: BytePath(file.path), flags: MountFlag.bind)
            }
    }

    /// A /proc of the command's own processes. Its controls are bound over themselves while all of it is read-only, as they
    /// stay then.
    private static func processSteps(_ files: PrivateFiles) -> [Step] {
        var steps: [Step] = [
            .mount(what: "mounting a new /proc", source: "proc", target: "/proc", type: "proc", flags: MountFlag.quiet),
            .write(
                what: "forbidding user namespaces inside",
                path: "/proc/sys/user/max_user_namespaces",
                Array("0".utf8)
            ),
            .mountAttributes(
                what: "making /proc read-only",
                target: "/proc",
                MountAttributes(set: MountFlag.readOnly)
            ),
        ]
        // Pid 1 is our init, which root inside may otherwise set the oom score of.
        for path in files.readOnly.map({ BytePath($0) }) + ["/proc/1"] {
            steps.append(.mount(what: "keeping \(path) read-only", source: path, target: path, flags: MountFlag.bind))
        }
        steps.append(
            .mountAttributes(
                what: "making the rest of /proc writable",
                target: "/proc",
                MountAttributes(clear: MountFlag.readOnly)
            )
        )
        return steps
    }

    /// An empty file system in place of one that asks outside for names, with what is mounted there already.
    private static func coverSteps(_ cover: KernelMounts.Cover, _ index: Int) -> [Step] {
        let what = "covering \(cover.path)", options = "size=1m,mode=0755"
        guard !cover.kept.isEmpty else {
            return [
                .mount(
                    what: what,
                    source: "egress",
                    target: cover.path,
                    type: "tmpfs",
                    flags: MountFlag.quiet | MountFlag.readOnly,
                    options: options
                )
            ]
        }
        let stage = workshop.adding(Array("/cover-\(index)".utf8))
        var steps: [Step] = [
            .directory(what: what, stage),
            .mount(
                what: what,
                source: "egress",
                target: stage,
                type: "tmpfs",
                flags: MountFlag.quiet,
                options: options
            ),
        ]
        var made: Set<BytePath> = []
        for path in cover.kept.sorted(by: { $0.bytes.count < $1.bytes.count }) {
            guard let rest = path.rest(below: cover.path) else { continue }
            for directory in BytePath(rest).lineage.dropFirst() where made.insert(directory).inserted {
                steps.append(.directory(what: what, stage.adding(directory.bytes)))
            }
            steps.append(
                .mount(
                    what: "keeping \(path)",
                    source: path,
                    target: stage.adding(rest),
                    flags: MountFlag.bind | MountFlag.recursive
                )
            )
        }
        return steps + [
            .mountAttributes(what: what, target: stage, MountAttributes(set: MountFlag.readOnly)),
            .mount(what: what, source: stage, target: cover.path, flags: MountFlag.move),
        ]
    }

    private static func kernelSteps(_ kernel: KernelMounts) -> [Step] {
        var steps: [Step] = kernel.processes.map { path in
            .mount(
                what: "covering \(path)",
                source: "/proc",
                target: path,
                flags: MountFlag.bind | MountFlag.recursive
            )
        }
        for (paths, isRecursive) in [(kernel.readOnlyTrees, true), (kernel.readOnly, false)] {
            steps += paths.map { path in
                .mountAttributes(
                    what: "making \(path) read-only",
                    target: path,
                    MountAttributes(set: MountFlag.readOnly, isRecursive: isRecursive)
                )
            }
        }
        return steps
    }
}
