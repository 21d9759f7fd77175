// SPDX-License-Identifier: Apache-2.0

import BypassCorpus
import TestSupport
import Testing

private let unix = "cd $PLACE && /usr/bin/python3 $WORLD/programs/unix.py"
private let peer = "cd $PLACE && /usr/bin/python3 $WORLD/programs/peer.py"
private let allowing = ["-q", "--allow-unix-datagram", "inside"]

/// Two servers, one after the other, beside a third.
private let own = """
    /usr/bin/python3 -I -c '
    import os, socket
    def serve(name):
        server = socket.socket(socket.AF_UNIX); server.bind(name); server.listen(); return server
    def reach(name, server):
        client = socket.socket(socket.AF_UNIX); client.connect(name); client.send(name.encode())
        return server.accept()[0].recv(9)
    third = serve("third")
    for name in ("first", "second"):
        server = serve(name); print(reach(name, server), reach("third", third)); server.close(); os.unlink(name)
    third.close()
    try: reach("third", third)
    except OSError as error: print(error)
    '
    """

extension EndToEnd {
    /// Unix sockets inside, on file systems of every kind: what is performed for the command is as natively.
    @MainActor @Suite(.serialized) struct UnixSockets {
        @Test(arguments: StagedSystem.all, Account.available)
        func `servers and clients inside behave as natively`(on system: StagedSystem, as account: Account) throws {
            try expectAsNatively(unix, on: system, as: account, egress: ["-q"])
        }

        /// Not on FUSE, whose servers are asked whether a datagram may be sent: none of the processes that send can be spared.
        @Test(arguments: StagedSystem.all.filter { $0.name != "FUSE" }, Account.available)
        func `they do where datagrams are allowed`(on system: StagedSystem, as account: Account) throws {
            try expectAsNatively("\(unix) datagrams", on: system, as: account, egress: allowing)
        }

        /// What can be told of a file by its number must not matter.
        @Test(arguments: ["server:twins", "server:reuse"], Account.available)
        func `they do where files have the same number`(_ server: String, as account: Account) throws {
            let system = StagedSystem(name: server, parts: [server], needs: "FUSE")
            try expectAsNatively("cd $PLACE && \(own)", on: system, as: account, egress: ["-q"])
        }

        @Test(arguments: ["stream", "datagram"], Account.available)
        func `a server does not get hold of a process outside`(_ kind: String, as account: Account) throws {
            let world = try TestWorld.shared(), line = "\(peer) \(kind)"
            let native = try world.run(line, as: account, stage: ["tmpfs"])
            // Linux 6.5
            guard native.standardOutput == "mine\n" else {
                #expect(native.standardOutput == "ENOPROTOOPT\n", "\(native)")
                return
            }
            let held = try world.run(line, as: account, egress: allowing, stage: ["tmpfs"])
            #expect(held.succeeded && !held.standardOutput.contains("outside"), "\(held)")
        }

        /// Root by its number alone owns no file of others'.
        @Test(.enabled(if: Requirement.canBeRoot), arguments: [[], ["--allow-unix", stagedPlace + "/victim"]])
        func `root without its rights reaches no socket that they would open`(_ options: [String]) throws {
            let world = try TestWorld.shared(), stage = ["tmpfs", "strict-listener"]
            let program = "/usr/bin/python3 $WORLD/programs/sockets.py"
            let native = try world.run("\(program) stripped victim", as: .root, stage: stage)
            try #require(native.standardError.contains("EACCES"), "\(native)")
            let (held, reached) = try world.arrivals {
                try world.run("\(program) stripped victim", as: .root, egress: ["-q"] + options, stage: stage)
            }
            #expect(reached == [] && held.standardError.contains("EACCES"), "\(held)")
            if options.isEmpty { return }
            let (other, found) = try world.arrivals {
                try world.run("\(program) path victim", as: .root, egress: ["-q"] + options, stage: stage)
            }
            #expect(other.succeeded && !found.isEmpty, "\(other)")
        }
    }
}

/// Expects the same output, unless the stage can't be set on this machine.
private func expectAsNatively(
    _ line: String,
    on system: StagedSystem,
    as account: Account,
    egress: [String]
) throws {
    let world = try TestWorld.shared(), stage = system.parts + ["readonly"]
    let native = try world.run(line, as: account, stage: stage)
    guard native.succeeded else {
        #expect(system.needs != nil && !Requirement.mustWork, "\(native)")
        return
    }
    let held = try world.run(line, as: account, egress: egress, stage: stage)
    #expect(held.standardOutput == native.standardOutput, "\(held)")
    #expect(held.standardError == native.standardError)
    #expect(held.status == native.status, "\(held)")
}
