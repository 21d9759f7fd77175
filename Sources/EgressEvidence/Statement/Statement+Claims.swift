// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

extension StartStatement {
    /// The claims of our own namespace.
    func claims(_ subject: StatementSubject) -> [(String, JSON)] {
        var claims: [(String, JSON)] = [
            ("statement", .text("start")), ("isolation", .text(subject.isolation.rawValue)),
        ]
        if let measurement { claims += measurement.claims }
        claims += [
            ("policy", .digest(policy)), ("launcher", .digest(launcher.digest)), ("executable", executable.claim),
        ]
        claims += subject.origin.map { ($0.0, .digest($0.1)) }
        var system = utsname()
        if unsafe uname(&system) == 0 {
            claims.append(
                (
                    "kernel",
                    .object([
                        ("release", .text(Self.text(system.release))), ("machine", .text(Self.text(system.machine))),
                    ])
                )
            )
        }
        return claims
    }

    /// The text in an array of C, which Swift has as a tuple.
    private static func text<Characters>(_ characters: Characters) -> String {
        unsafe withUnsafeBytes(of: characters) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

extension FinalStatement {
    /// The claims of our own namespace.
    func claims(_ subject: StatementSubject) -> [(String, JSON)] {
        var claims: [(String, JSON)] = [
            ("statement", .text("final")), ("isolation", .text(subject.isolation.rawValue)), ("start", .text(start)),
            ("exit_status", .number(Int64(exitStatus))), ("allowed", .number(Int64(clamping: allowed))),
            ("denied", .number(Int64(clamping: denied))),
        ]
        if let audit {
            let members: [(String, JSON)] = [
                ("digest", .digest(audit.digest)), ("lost", .number(Int64(clamping: audit.lost))),
            ]
            claims.append(("audit", .object(members)))
        }
        return claims
    }
}

extension Measurement {
    fileprivate var claims: [(String, JSON)] {
        [
            (
                "namespaces",
                .object([
                    ("worker", worker.claim), ("relay", .object([("net", .number(Int64(clamping: relayNetwork)))])),
                    ("host", host.claim),
                ])
            ),
            ("relay_links", .list(relayLinks.map(\.claim))), ("worker_links", .list(workerLinks.map(\.claim))),
            (
                "seccomp",
                .object([
                    ("mode", .number(status.seccompMode)), ("filters", .number(status.seccompFilters)),
                    ("host_filters", .number(hostFilters)), ("digest", .digest(filterDigest)),
                ])
            ),
            ("user", .object([("uid", .number(status.user)), ("gid", .number(status.group))])),
            ("descriptors", .list(descriptors.map { .text($0.rawValue) })),
            ("landlock", .list(landlock.map { .text($0) })),
            ("no_new_privs", .truth(status.noNewPrivileges)),
            (
                "capabilities",
                .object([
                    ("inheritable", .mask(status.inheritable)), ("permitted", .mask(status.permitted)),
                    ("effective", .mask(status.effective)), ("bounding", .mask(status.bounding)),
                    ("ambient", .mask(status.ambient)),
                ])
            ),
        ]
    }
}

extension Namespaces {
    fileprivate var claim: JSON {
        .object(Self.kinds.compactMap { kind in inodes[kind].map { (kind, .number(Int64(clamping: $0))) } })
    }
}

extension NetworkLink {
    fileprivate var claim: JSON {
        .object(
            [
                ("index", .number(Int64(index))), ("name", .text(name)), ("kind", .text(kind)), ("up", .truth(isUp)),
            ] + (peer.map { [("peer", .text($0))] } ?? [])
        )
    }
}

extension ExecutableMeasurement {
    fileprivate var claim: JSON {
        .object(file.members + (interpreter.map { [("interpreter", .object($0.members))] } ?? []))
    }
}

extension FileMeasurement {
    fileprivate var members: [(String, JSON)] { [("path", .text(path)), ("digest", .digest(digest))] }
}

extension JSON {
    fileprivate static func digest(_ digest: Digest) -> JSON { .text(digest.description) }

    /// 16 hexadecimal digits, as /proc shows a set.
    fileprivate static func mask(_ mask: UInt64) -> JSON {
        let digits = String(mask, radix: 16)
        return .text(String(repeating: "0", count: 16 - digits.utf8.count) + digits)
    }
}
