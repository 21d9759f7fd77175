// SPDX-License-Identifier: Apache-2.0

extension TestWorld {
    /// What most rows allow: two ports of one host.
    public static let policy = ["-q", "--allow", "allowed.example:80", "--allow", "allowed.example:443"]

    /// Where the allowed servers are, by address.
    public static let allowedAddress = "93.184.216.34"

    /// The address of denied.example: a canary listens there.
    public static let deniedAddress = "185.199.108.153"
}
