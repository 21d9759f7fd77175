// SPDX-License-Identifier: Apache-2.0

import TestSupport

private let socket = "$WORLD/canary.socket"

extension BypassCorpus {
    /// Ways to name a unix socket of a process outside.
    static let paths: [Attempt] = [
        ("30 a unix socket of the host", "echo hello | nc -N -U \(socket)"),
        ("30 a relative path", "cd $WORLD && echo hello | nc -N -U canary.socket"),
        ("30 a path with dots", "cd $WORLD/bin && echo hello | nc -N -U ../canary.socket"),
        ("30 a link", "d=$(mktemp -d) && ln -s \(socket) $d/link && echo hello | nc -N -U $d/link"),
        ("30 the root of a process", "echo hello | nc -N -U /proc/self/root\(socket)"),
        ("30 a working directory", "cd $WORLD && echo hello | nc -N -U /proc/self/cwd/canary.socket"),
    ].map { Attempt(title: $0.0, line: $0.1) }
}
