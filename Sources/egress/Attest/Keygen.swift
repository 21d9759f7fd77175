// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressEvidence
import EgressText
import Glibc
import LinuxSystem

extension Attest {
    /// Makes a key.
    struct Keygen: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an Ed25519 key: FILE for egress-run, FILE.pub for whoever verifies.",
            discussion: "Files that are there already are left as they are, and nothing is made."
        )

        @Option(help: "Where to put the private key (default: ~/.config/egress/attest.key).")
        var out: String?

        func run() throws {
            let path = try out ?? Self.defaultPath()
            do throws(SystemError) {
                let key = try SigningKey.generate()
                // The public one first: with it alone nothing can be signed.
                try AtomicFile.write(key.publicPEM, to: path + ".pub", mode: 0o644, existing: .left)
                do throws(SystemError) {
                    try AtomicFile.write(key.privatePEM, to: path, mode: 0o600, existing: .left)
                } catch {
                    unsafe unlink(path + ".pub")
                    throw error
                }
                print("private key: \(path)\npublic key:  \(path).pub\nidentifier:  \(key.identifier)")
            } catch {
                let advice = error.code == EEXIST ? " (move the old key away, or give another --out)" : ""
                throw Attest.failure("\(error)\(advice)")
            }
        }

        /// Where `egress-run` looks for it; its folder is made.
        private static func defaultPath() throws -> String {
            func variable(_ name: String) -> String? {
                unsafe getenv(name).map { unsafe String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil }
            }
            guard let base = variable("XDG_CONFIG_HOME") ?? variable("HOME").map({ $0 + "/.config" }) else {
                throw Attest.failure("neither XDG_CONFIG_HOME nor HOME is set (give --out FILE)")
            }
            for folder in [base, base + "/egress"] where unsafe mkdir(folder, 0o700) != 0 && errno != EEXIST {
                throw Attest.failure("\(SystemError("making '\(folder)'"))")
            }
            return base + "/egress/attest.key"
        }
    }
}
