// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressRequests
import EgressVault
import FoundationEssentials
import Glibc
import LinuxSystem

/// `egress vault get`.
struct VaultGet: VaultCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Print the value of a secret.",
        discussion: """
            It is printed byte for byte, and a line end after it only on a terminal. Without --reveal nothing is: requests name \
            a secret as vault:<name>, and don't need it shown.
            """
    )

    @OptionGroup var options: VaultOptions

    @Argument(help: "The secret.")
    var name: String

    @Flag(help: "Show the value.")
    var reveal = false

    @Flag(help: "Print one JSON object instead; a value that is not UTF-8 is in base64, as 'value_base64'.")
    var json = false

    struct Report: Encodable {
        let name: String
        let value: String?
        let valueBase64: String?
    }

    func validate() throws {
        // Here as well, because a script that forgot it must not take something else for the value.
        if !reveal {
            throw ValidationError(
                "the value is not shown without --reveal; a request that needs it names it as vault:<name>"
            )
        }
    }

    func perform() throws {
        let value = try options.open().value(of: name)
        if json {
            let bytes = value.withBytes { bytes in bytes.indices.map { bytes[$0] } }
            let text = String(validating: bytes, as: UTF8.self)
            let report = Report(
                name: name,
                value: text,
                valueBase64: text == nil ? Data(bytes).base64EncodedString() : nil
            )
            return try printJSON(report)
        }
        try value.withBytes { bytes in
            try unsafe bytes.withUnsafeBytes { try unsafe write($0) }
        }
        if isatty(STDOUT_FILENO) == 1 { print() }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws {
        var written = 0
        while written < bytes.count {
            let count = unsafe Glibc.write(
                STDOUT_FILENO,
                bytes.baseAddress.map { unsafe $0 + written },
                bytes.count - written
            )
            if count < 0, errno != EINTR { throw VaultError.system(SystemError("writing the value")) }
            written += max(0, count)
        }
    }
}
