// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Which resolver the world's resolv.conf names.
public enum WorldResolver: String, Sendable {
    /// A real one (unbound) that serves the world's zone.
    case honest = ""
    /// A scripted one that lies.
    case hostile
}

extension TestWorld {
    /// Runs a shell line inside the world.
    ///
    /// - Parameters:
    ///   - line: given to `sh -c`; `$WORLD` is the world's directory, and its `bin` is on the path.
    ///   - account: whose uid and gid the line, or `egress-run`, gets.
    ///   - egress: the options of `egress-run`, or nothing to run the line without it; knows `$WORLD`.
    ///   - under: a command that is put before everything, such as one that passes a descriptor on; knows `$WORLD`.
    ///   - stage: parts of a stage that root sets before (`Tests/Programs/stage/stage.py`).
    ///   - limit: after so many seconds everything is killed, status 137.
    public func run(
        _ line: String,
        as account: Account,
        egress: [String]? = nil,
        under: [String] = [],
        stage: [String] = [],
        resolver: WorldResolver = .honest,
        input: [UInt8] = [],
        limit: Int = 20
    ) throws -> Outcome {
        try run(
            egress.map { ["egress-run"] + $0.map(placed) + ["--", "sh", "-c", line] } ?? ["sh", "-c", line],
            as: account,
            under: under.map(placed),
            stage: stage,
            resolver: resolver,
            input: input,
            limit: limit
        )
    }

    /// Runs a command inside the world as it stands.
    public func run(
        _ command: [String],
        as account: Account,
        under: [String] = [],
        stage: [String] = [],
        resolver: WorldResolver = .honest,
        input: [UInt8] = [],
        limit: Int = 20
    ) throws -> Outcome {
        try Subprocess.run(
            entering(resolver) + ["timeout", "--foreground", "-s", "KILL", "\(limit)"]
                + setting(stage) + becoming(account) + under + command,
            environment: [
                "PATH=\(directory)/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=\(directory)/home-\(account.rawValue)",
                "TMPDIR=\(directory)/tmp", "WORLD=\(directory)", "LANG=C.UTF-8", "TERM=xterm",
            ],
            input: input
        )
    }

    private func placed(_ argument: String) -> String { argument.replacing("$WORLD", with: directory) }

    private func entering(_ resolver: WorldResolver) -> [String] {
        let user = getuid() == 0 ? [] : ["-U", "--preserve-credentials"]
        let entered = ["nsenter", "-t", "\(pid)"] + user + ["-n", "-m", "-p", "--"]
        guard resolver == .hostile else { return entered }
        let script = "mount --bind \(directory)/resolv.conf.hostile /etc/resolv.conf && exec \"$@\""
        return entered + ["unshare", "-m", "sh", "-c", script, "sh"]
    }

    private func setting(_ stage: [String]) -> [String] {
        stage.isEmpty ? [] : ["/usr/bin/python3", "\(directory)/programs/stage/stage.py"] + stage + ["--"]
    }

    private func becoming(_ account: Account) -> [String] {
        if account == .root { return [] }
        let id = "\(account.id)"
        return getuid() == 0
            ? ["setpriv", "--reuid", id, "--regid", id, "--clear-groups"]
            : ["unshare", "-U", "--map-user", id, "--map-group", id]
    }
}
