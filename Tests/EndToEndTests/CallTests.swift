// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

private let address = EndToEnd.allowedAddress
private let socket = "$WORLD/canary.socket"

/// A server of the command's own, with one connection.
private let ownServer = """
    import os, socket, tempfile
    os.chdir(tempfile.mkdtemp()); server = socket.socket(socket.AF_UNIX); server.bind("own"); server.listen(1)
    client = socket.socket(socket.AF_UNIX); client.connect("own"); client.sendall(b"hello"); other, _ = server.accept()
    print(other.recv(9)); client.close(); server.close(); other.close()
    try: socket.socket(socket.AF_UNIX).connect("own")
    except ConnectionRefusedError: print("abandoned")
    """

extension EndToEnd {
    /// connect(2), which the supervisor performs.
    @MainActor @Suite(.serialized) struct Calls {
        @Test(arguments: Account.available)
        func `connect behaves as it would without`(as account: Account) throws {
            let line = "cd $HOME && exec calls-glibc \(address) 80 9 7009", world = try TestWorld.shared()
            let native = try world.run(line, as: account)
            let held = try world.run(line, as: account, egress: ["--allow", address])
            try #require(native.succeeded, "\(native)")
            #expect(held.standardOutput == native.standardOutput, "\(held)")
            #expect(held.standardError == "")
        }

        @Test(arguments: Account.available)
        func `a unix socket that is named can be reached`(as account: Account) throws {
            let world = try TestWorld.shared()
            let (outcome, reached) = try world.arrivals {
                try world.run("echo hello | nc -N -U \(socket)", as: account, egress: ["--allow-unix", socket])
            }
            #expect(outcome.succeeded, "\(outcome)")
            #expect(outcome.standardError == "")
            #expect(!reached.isEmpty)
        }

        @Test(arguments: Account.available)
        func `a unix socket of the command's own works as ever`(as account: Account) throws {
            let outcome = try TestWorld.shared().run("/usr/bin/python3 -c '\(ownServer)'", as: account, egress: [])
            #expect(outcome.standardOutput == "b'hello'\nabandoned\n", "\(outcome)")
            #expect(outcome.standardError == "")
        }

        @Test(arguments: Account.available)
        func `a denial says who was denied and how to permit it`(as account: Account) throws {
            let outcome = try TestWorld.shared().run(
                "nc -N -U \(socket); nc -N 185.199.108.153 4444",
                as: account,
                egress: ["--audit", "-"]
            )
            let text = outcome.standardError
            #expect(text.contains("unix_socket_not_allowed") && text.contains("--allow-unix /"), "\(outcome)")
            #expect(text.contains(#""pid":"#) && text.contains(#""exe":"/"#) && text.contains(#""argv0":"nc""#))
        }

        @Test(arguments: Account.available)
        func `sends behave as they would without, where unix datagrams are allowed`(as account: Account) throws {
            let line = "exec /usr/bin/python3 $WORLD/programs/datagrams.py", world = try TestWorld.shared()
            let native = try world.run(line, as: account)
            let held = try world.run(line, as: account, egress: ["--allow-unix-datagram", "inside"])
            try #require(native.succeeded, "\(native)")
            #expect(held.standardOutput == native.standardOutput, "\(held)")
            #expect(held.standardError == "")
        }

        @Test(arguments: Account.available, ["logger -u %", "/usr/bin/python3 $WORLD/programs/attack.py local own %"])
        func `a unix datagram socket that is named can be sent to`(as account: Account, line: String) throws {
            let world = try TestWorld.shared(), named = "$WORLD/canary.datagram"
            let (outcome, reached) = try world.arrivals {
                try world.run(
                    line.replacing("%", with: named) + (line.hasPrefix("logger") ? " hello" : ""),
                    as: account,
                    egress: ["--allow-unix-datagram", named]
                )
            }
            #expect(outcome.succeeded, "\(outcome)")
            #expect(outcome.standardError == "")
            #expect(!reached.isEmpty)
        }

        @Test(arguments: Account.available)
        func `dials of goroutines that are preempted end as they would without`(as account: Account) throws {
            let line = "exec dials-go \(address) 80 9", world = try TestWorld.shared()
            let native = try world.run(line, as: account, limit: 60)
            let held = try world.run(line, as: account, egress: ["--allow", address], limit: 60)
            try #require(native.succeeded, "\(native)")
            #expect(native.standardOutput.contains("block 80: connected:200"), "\(native)")
            #expect(held.standardOutput == native.standardOutput, "\(held)")
        }

        @Test(arguments: ["getent hosts denied.example", "dig +tcp +tries=1 @9.9.9.9 denied.example"])
        func `the audit says who asked for a name`(line: String) throws {
            let outcome = try TestWorld.shared().run(line, as: .user, egress: ["-q", "--audit", "-"])
            let name = line.prefix { $0 != " " }
            let lines = outcome.standardError.split(separator: "\n").filter {
                $0.contains(#""event":"name""#) && $0.contains(#""host":"denied.example""#)
            }
            #expect(!lines.isEmpty, "\(outcome)")
            #expect(lines.allSatisfy { $0.contains(#""argv0":"\#(name)""#) }, "\(outcome)")
        }
    }
}
