// SPDX-License-Identifier: Apache-2.0

import EgressText
public import LinuxSystem

/// Why a vault could not be used. No case holds a value, a key or a passphrase.
public enum VaultError: Error, Equatable, Sendable {
    /// There is no vault at the path.
    case noVault(String)
    /// There is one already.
    case exists(String)
    /// The file or directory could be read or changed by somebody else, or is not what it must be.
    case unsafeFile(String, UnsafeFile)
    /// What the file holds is not a whole vault that its key encrypted.
    case damaged(String, VaultDamage)
    /// The key is that of another vault, or of this one before it was rotated; or the passphrase is wrong.
    case wrongKey(String)
    /// There is no key file at the path.
    case noKeyFile(String)
    /// A key file has 32 bytes.
    case badKeyFile(String)
    /// The vault is opened by a passphrase, and none was given.
    case needsPassphrase(String)
    /// The vault is opened by a key file, and a passphrase was given.
    case needsKeyFile(String)
    /// The passphrase is too short to withstand guessing.
    case weakPassphrase
    /// Somebody else has been writing for longer than one waits.
    case locked(String)
    /// The vault holds no secret of this name.
    case noSecret(String)
    /// The text cannot be a name.
    case badName
    /// What was to be typed twice was not the same.
    case passphrasesDiffer
    /// There is no terminal to ask on.
    case noTerminal
    /// A terminal cuts lines of this length.
    case tooLongForTerminal
    /// The value is empty.
    case emptyValue
    /// The value is longer than a vault takes.
    case valueTooLong
    /// The vault holds as much as one may.
    case full
    /// The system refused; for instance, the disk is full.
    case system(SystemError)
}

/// What is wrong with a file that should hold a vault.
public enum VaultDamage: Error, Hashable, Sendable {
    /// It begins as no vault does.
    case notAVault
    /// It is of a version that is not known here.
    case unknownVersion(UInt8)
    /// It ends before the length that its header tells.
    case truncated
    /// It is not what was written: at least one bit is another.
    case changed
    /// Its header asks for more memory or time than any vault needs, or for so little that it would protect nothing.
    case excessiveParameters
}

/// What makes a file unfit for a vault or its key.
public enum UnsafeFile: Hashable, Sendable {
    /// It is a symbolic link.
    case symbolicLink
    /// It is a directory, a pipe, a device or a socket.
    case notAFile
    /// It belongs to this user, and not to the caller.
    case owner(UInt32)
    /// Others may read or write it; its permission bits.
    case mode(UInt16)
    /// The directory belongs to this user, who is neither the caller nor root.
    case directoryOwner(UInt32)
    /// Others may replace the files in the directory; its permission bits.
    case directoryMode(UInt16)
}

extension VaultError: CustomStringConvertible {
    /// One line for people: what is wrong, and what to do.
    public var description: String {
        switch self {
        case .noVault(let path): "there is no vault at \(path.quoted()); make one with 'egress vault init'"
        case .exists(let path): "there is a vault at \(path.quoted()) already; it was left as it is"
        case .unsafeFile(let path, let problem): "\(path.quoted()) \(problem.description(of: path))"
        case .damaged(let path, let damage): "\(path.quoted()) \(damage.description)"
        case .wrongKey(let path):
            "the key or passphrase does not open \(path.quoted()): it is that of another vault, or from before a rotation"
        case .noKeyFile(let path):
            "there is no key file at \(path.quoted()); without the key the vault cannot be opened, so restore it or name it with --key-file"
        case .badKeyFile(let path): "\(path.quoted()) is not a key file: it must hold exactly 32 bytes"
        case .needsPassphrase(let path): "\(path.quoted()) is opened by a passphrase, and none was given"
        case .needsKeyFile(let path): "\(path.quoted()) is opened by a key file, not by a passphrase"
        case .weakPassphrase: "the passphrase must have at least \(VaultKey.minimumPassphrase) bytes"
        case .locked(let path): "another process is writing \(path.quoted()); try again when it is done"
        case .noSecret(let name): "the vault has no secret \(name.quoted())"
        case .badName:
            "a name has 1 to 128 letters, digits, '.', '_' and '-', with '/' between parts that are not only dots"
        case .passphrasesDiffer: "the two passphrases differ; nothing was changed"
        case .noTerminal: "there is no terminal to ask on"
        case .tooLongForTerminal: "this is longer than a terminal takes; give it by a pipe"
        case .emptyValue: "nothing was given, or an empty line"
        case .valueTooLong: "the value is longer than \(VaultContent.maximumValue >> 20) MiB"
        case .full:
            "the vault is full: it holds at most \(VaultContent.maximumSecrets) secrets and \(VaultHeader.maximumBody >> 20) MiB"
        case .system(let error): error.description
        }
    }
}

extension VaultDamage: CustomStringConvertible {
    /// What the file is, after its name.
    public var description: String {
        switch self {
        case .notAVault: "is not a vault"
        case .unknownVersion(let version): "is a vault of version \(version), which this egress does not know"
        case .truncated: "was cut short, and is not opened; restore it from a backup"
        case .changed: "was changed since it was written, and is not opened; restore it from a backup"
        case .excessiveParameters: "asks for a derivation of its key that no vault has, and is not opened"
        }
    }
}

extension UnsafeFile {
    /// What is wrong, after the file's name, and what to do.
    func description(of path: String) -> String {
        switch self {
        case .symbolicLink: "is a symbolic link; name the file it leads to"
        case .notAFile: "is not a regular file"
        case .owner(let user): "belongs to user \(user), not to the caller; only its owner may use it"
        case .mode(let mode): "has mode \(octal(mode)), so others could use it; chmod 600 \(path.quoted())"
        case .directoryOwner(let user):
            "lies in a directory of user \(user), who could replace it; use a directory of your own"
        case .directoryMode(let mode):
            "lies in a directory with mode \(octal(mode)), where others could replace it; chmod go-w that directory"
        }
    }

    private func octal(_ mode: UInt16) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
