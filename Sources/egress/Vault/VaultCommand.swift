// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import EgressVault
import FoundationEssentials
import Glibc
import LinuxSystem

/// What the commands of the vault share.
protocol VaultCommand: ParsableCommand {
    func perform() throws
}

extension VaultCommand {
    func run() throws {
        // Secrets are about to be in the memory of this process. That it can't be hidden is no reason to refuse.
        try? hideMemory()
        do {
            try perform()
        } catch let error as VaultError {
            complain("egress vault: \(error)\n")
            throw ExitCode(error.exitStatus)
        }
    }

    private func complain(_ line: String) {
        _ = unsafe Array(line.utf8).withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

extension VaultError {
    /// 1 for an answer that is no; 64 if what was asked can't be; else 70.
    var exitStatus: Int32 {
        switch self {
        case .noSecret: 1
        case .badName, .emptyValue, .valueTooLong, .weakPassphrase, .passphrasesDiffer, .noTerminal,
            .tooLongForTerminal,
            .needsKeyFile, .needsPassphrase:
            EX_USAGE
        default: EX_SOFTWARE
        }
    }
}

/// A time as `list` and `get` tell it.
func timeText(_ seconds: UInt64) -> String {
    Date(timeIntervalSince1970: Double(seconds)).ISO8601Format()
}
