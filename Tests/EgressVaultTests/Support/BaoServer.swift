// SPDX-License-Identifier: Apache-2.0

import EgressVault
import FoundationEssentials
import Glibc
import TestSupport

/// A stand-in for an OpenBao server, in a process that ends with this object.
final class BaoServer: Sendable {
    let folder: Folder
    let port: Int
    private let pid: pid_t

    init(certificate: String = "server") throws {
        folder = try Folder()
        let certificates = try Command.run([Command.programs + "/certificates", folder.path])
        guard certificates.succeeded else { throw SupportError("\(certificates)") }
        let output = unsafe open(folder.path + "/port", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(output) }
        let path = folder.path
        let files = ["\(certificate).pem", "\(certificate).key", "log"].map { path + "/" + $0 }
        pid = try Subprocess.start(
            // It ends with these tests, however they end.
            ["setpriv", "--pdeathsig", "KILL", "python3", Command.programs + "/bao.py"] + files,
            environment: ["PATH=/usr/bin:/bin"],
            input: output,
            output: output,
            error: STDERR_FILENO
        )
        var port: Int?
        for _ in 0..<500 where port == nil {
            usleep(20_000)
            port = text(of: folder.path + "/port").flatMap { $0.hasSuffix("\n") ? Int($0.dropLast()) : nil }
        }
        guard let port else {
            kill(pid, SIGKILL)
            throw SupportError("the stand-in for OpenBao did not start")
        }
        self.port = port
    }

    deinit {
        kill(pid, SIGKILL)
        var status: Int32 = 0
        _ = unsafe waitpid(pid, &status, 0)
    }

    /// The requests so far: method, path, namespace, and the mark of requests.
    var log: [String] { (text(of: folder.path + "/log") ?? "").split(separator: "\n").map(String.init) }

    func resolver(
        token: String,
        mount: String = "secret",
        namespace: String? = nil,
        authority: String? = "ca.pem",
        host: String = "127.0.0.1",
        limits: OpenBaoLimits = OpenBaoLimits()
    ) throws -> OpenBaoSecretResolver {
        try folder.write("token-\(token)", Array((token + "\n").utf8))
        return OpenBaoSecretResolver(
            try OpenBaoServer(
                url: "https://\(host):\(port)",
                mount: mount,
                namespace: namespace,
                certificateAuthority: authority.map { folder.path + "/" + $0 },
                tokenFile: folder.path + "/token-\(token)"
            ),
            limits: limits
        )
    }
}
