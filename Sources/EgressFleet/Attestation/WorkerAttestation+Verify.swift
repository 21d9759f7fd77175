// SPDX-License-Identifier: Apache-2.0

import EgressEvidence

extension WorkerAttestation {
    /// Reads a token whose signature one of the trusted keys made.
    ///
    /// Only the signature is judged: `validate(_:at:)` judges what was signed.
    public static func verify(
        token: String,
        trust: TrustedKeys
    ) throws(WorkerAttestationError) -> WorkerAttestation {
        let parts = try TokenParts(token)
        switch trust.isValid(parts.signature, by: parts.keyID, over: parts.signed) {
        case .some(true): break
        case .some(false): throw .invalidSignature
        case .none: throw .unknownKey(parts.keyID)
        }
        return try WorkerAttestation(claims: parts.claims(), keyID: parts.keyID)
    }

    /// Reads a token without any proof of who made it: to be shown, never to be acted upon.
    public static func unverified(token: String) throws(WorkerAttestationError) -> WorkerAttestation {
        let parts = try TokenParts(token)
        return try WorkerAttestation(claims: parts.claims(), keyID: parts.keyID)
    }
}

/// The parts of a compact JWS (RFC 7515, section 7.1) whose header is ours.
private struct TokenParts {
    /// What was signed: header and payload as they stand.
    let signed: ArraySlice<UInt8>
    let payload: [UInt8]
    let signature: [UInt8]
    let keyID: String

    init(_ token: String) throws(WorkerAttestationError) {
        let length = token.utf8.count
        guard length <= WorkerAttestation.maximumTokenLength else { throw .tokenTooLarge(bytes: length) }
        let bytes = Array(token.utf8)
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .malformed("a token has three parts, this has \(parts.count)") }
        guard let header = Base64.decodeURL(parts[0]), let payload = Base64.decodeURL(parts[1]),
            let signature = Base64.decodeURL(parts[2])
        else { throw .malformed("a part is not base64url without padding") }
        keyID = try Self.keyID(header: header)
        signed = bytes[..<parts[1].endIndex]
        (self.payload, self.signature) = (payload, signature)
    }

    func claims() throws(WorkerAttestationError) -> JSONValue { try JSONValue(parsing: payload) }

    private static func keyID(header bytes: [UInt8]) throws(WorkerAttestationError) -> String {
        guard let header = try JSONValue(parsing: bytes).object else { throw .malformed("the header is no object") }
        // The one algorithm, whatever the token says: RFC 8725, sections 2.1 and 3.1.
        guard let algorithm = header["alg"]?.string else { throw .unsupportedAlgorithm("") }
        guard algorithm == "EdDSA" else { throw .unsupportedAlgorithm(algorithm) }
        guard header["typ"]?.string == EvidenceProfile.type else {
            throw .malformed("the header's typ is not \(EvidenceProfile.type)")
        }
        // RFC 7515, section 4.1.11: what is critical and not understood must be refused. A key in the header is no key of ours.
        for name in ["crit", "jwk", "jku", "x5c", "x5u", "b64"] where header[name] != nil {
            throw .malformed("the header has '\(name)'")
        }
        guard let keyID = header["kid"]?.string, !keyID.isEmpty else { throw .unknownKey("") }
        return keyID
    }
}
