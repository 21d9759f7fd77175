// SPDX-License-Identifier: Apache-2.0

public import EgressRequests

/// What opens a vault.
public enum VaultKey: ~Copyable, Sendable {
    /// The path of a file of 32 random bytes that only the caller may read. It is read anew each time.
    case file(String)
    /// A passphrase, of at least ``minimumPassphrase`` bytes for a new vault.
    case passphrase(Secret)

    /// How many bytes a new passphrase has at least. Length is what withstands guessing; scrypt makes each guess dear.
    public static let minimumPassphrase = 8

    /// Which of the two a vault is opened by.
    public enum Kind: String, Sendable {
        /// By a key file.
        case file = "key-file"
        /// By a passphrase.
        case passphrase
    }
}
