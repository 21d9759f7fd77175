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
    /// The server ends when nobody holds this any more, however the tests end.
    private let lifeline: Int32

    init(certificate: String = "server") throws {
        folder = try Folder()
        let certificates = try Command.run([Command.programs + "/certificates", folder.path])
        guard certificates.succeeded else { throw SupportError("\(certificates)") }
        let output = unsafe open(folder.path + "/port", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(output) }
        let path = folder.path
        let files = ["\(certificate).pem", "\(certificate).key", "log"].map { path + "/" + $0 }
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw SupportError("cannot make a pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        lifeline = ends[1]
        defer { close(ends[0]) }
        pid = try Subprocess.start(
            ["python3", Command.programs + "/bao.py"] + files,
            environment: ["PATH=/usr/bin:/bin"],
            input: ends[0],
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
        close(lifeline)
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
