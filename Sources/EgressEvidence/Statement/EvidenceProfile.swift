// SPDX-License-Identifier: Apache-2.0

/// What the statements of `egress-run` are, as README.md of this target specifies.
public enum EvidenceProfile {
    /// The value of `eat_profile` (RFC 9711, section 4.3.2).
    public static let identifier = "urn:uuid:ba4da217-4852-4823-8039-d12de5c811ac"
    /// The media type in the header's `typ` (RFC 9782), without "application/".
    public static let type = "eat+jwt"
    /// The claim that holds what no registered claim says.
    public static let namespace = "egress_run"
    /// The issuer and the name of the software.
    public static let software = "egress-run"
}
