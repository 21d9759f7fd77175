// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressDNS
import EgressPolicy
import EgressSandbox
import LinuxSystem

/// Tells whether commands can be held on this machine.
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tell whether egress-run can hold commands on this machine, and if not, why and what to do.",
        discussion: """
            Tries it for real with a command that does nothing. Nothing is changed, and nothing is sent to anyone.
            The exit status is 0 if the default mode holds here, and 1 if it does not.
            """
    )

    @Flag(help: "Print one JSON object instead.")
    var json = false

    func run() throws {
        let diagnosis = Self.diagnosis()
        if json { try print(DoctorReport(diagnosis).json()) } else { print(diagnosis.description, terminator: "") }
        if !diagnosis.holds { throw ExitCode(1) }
    }

    /// What `--json` prints, for a support bundle.
    static func report() -> DoctorReport { DoctorReport(diagnosis()) }

    private static func diagnosis() -> Diagnosis {
        Diagnosis(.current(nameServers: nameServers()), .run())
    }

    /// The system's DNS servers, and whether there is a way to each. Connecting a datagram socket sends nothing.
    private static func nameServers() -> [Machine.NameServer] {
        let text = String(decoding: contents(ofFile: "/etc/resolv.conf") ?? [], as: UTF8.self)
        return ResolverConfiguration(parsing: text).servers.map { server in
            Machine.NameServer(address: server.description, code: wayTo(server))
        }
    }

    /// 0 if there is a way to a server, else why not.
    private static func wayTo(_ server: ServerAddress) -> Int32 {
        guard let address = SocketAddress(networkBytes: server.address.networkBytes, port: server.port) else {
            return 0
        }
        do {
            let socket = try Socket.make(address.family, Socket.datagram)
            return Socket.connect(socket.raw, to: address)
        } catch {
            return error.code
        }
    }
}
