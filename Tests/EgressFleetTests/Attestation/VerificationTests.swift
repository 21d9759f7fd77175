// SPDX-License-Identifier: Apache-2.0

import Crypto
import EgressEvidence
import EgressFleet
import JWTKit
import Testing

private struct Forgery: Sendable, CustomTestStringConvertible {
    let title: String
    let token: @Sendable (TokenForge) throws -> String
    let error: @Sendable (TokenForge) -> WorkerAttestationError

    init(
        _ title: String,
        _ error: WorkerAttestationError,
        _ token: @escaping @Sendable (TokenForge) throws -> String
    ) {
        (self.title, self.token) = (title, token)
        self.error = { _ in error }
    }

    var testDescription: String { title }
}

private func header(_ title: String, _ text: String, _ error: WorkerAttestationError) -> Forgery {
    Forgery(title, error) { try $0.sign(text.replacing("KID", with: $0.keyID), TokenForge.claims) }
}

private func payload(_ title: String, _ old: String, _ new: String, _ error: WorkerAttestationError) -> Forgery {
    Forgery(title, error) { forge in
        try #require(TokenForge.claims.contains(old))
        return try forge.token((old, new))
    }
}

private let forgeries = [
    // RFC 8725, section 2.1: algorithm confusion.
    header("no algorithm", #"{"kid":"KID","typ":"eat+jwt"}"#, .unsupportedAlgorithm("")),
    header("alg none", #"{"alg":"none","kid":"KID","typ":"eat+jwt"}"#, .unsupportedAlgorithm("none")),
    header("alg None", #"{"alg":"None","kid":"KID","typ":"eat+jwt"}"#, .unsupportedAlgorithm("None")),
    header("alg HS256", #"{"alg":"HS256","kid":"KID","typ":"eat+jwt"}"#, .unsupportedAlgorithm("HS256")),
    header("alg eddsa in lower case", #"{"alg":"eddsa","kid":"KID","typ":"eat+jwt"}"#, .unsupportedAlgorithm("eddsa")),
    Forgery("none, without a signature", .unsupportedAlgorithm("none")) { forge in
        TokenForge.encoded(forge.header.replacing("EdDSA", with: "none")) + "." + TokenForge.encoded(TokenForge.claims)
            + "."
    },
    Forgery("HS256 with the public key as its secret", .unsupportedAlgorithm("HS256")) { forge in
        let signed =
            TokenForge.encoded(forge.header.replacing("EdDSA", with: "HS256")) + "."
            + TokenForge.encoded(TokenForge.claims)
        let code = HMAC<Crypto.SHA256>.authenticationCode(
            for: Array(signed.utf8),
            using: SymmetricKey(data: forge.publicKey)
        )
        return signed + "." + String(decoding: Base64.encodeURL(Array(code)), as: UTF8.self)
    },
    header("no key", #"{"alg":"EdDSA","typ":"eat+jwt"}"#, .unknownKey("")),
    header("a key that nobody trusts", #"{"alg":"EdDSA","kid":"x","typ":"eat+jwt"}"#, .unknownKey("x")),
    header(
        "a key of its own",
        #"{"alg":"EdDSA","kid":"KID","typ":"eat+jwt","jwk":{}}"#,
        .malformed("the header has 'jwk'")
    ),
    header(
        "a place to get a key from",
        #"{"alg":"EdDSA","kid":"KID","typ":"eat+jwt","jku":""}"#,
        .malformed("the header has 'jku'")
    ),
    header(
        "what must be understood",
        #"{"alg":"EdDSA","kid":"KID","typ":"eat+jwt","crit":["b64"]}"#,
        .malformed("the header has 'crit'")
    ),
    header(
        "another kind of token",
        #"{"alg":"EdDSA","kid":"KID","typ":"JWT"}"#,
        .malformed("the header's typ is not eat+jwt")
    ),
    header("two algorithms", #"{"alg":"EdDSA","alg":"none","kid":"KID","typ":"eat+jwt"}"#, .duplicateName("alg")),
    header("a header that is none", "[]", .malformed("the header is no object")),

    payload("a claim twice", #""sub":"worker-1""#, #""sub":"worker-1","sub":"worker-2""#, .duplicateName("sub")),
    payload(
        "a claim twice, once escaped",
        #""sub":"worker-1""#,
        #""sub":"worker-1","\u0073ub":"worker-2""#,
        .duplicateName("sub")
    ),
    payload("a claim twice inside", #""mode":2"#, #""mode":2,"mode":0"#, .duplicateName("mode")),
    payload(
        "another profile",
        "c811ac",
        "c811ad",
        .unsupportedProfile("urn:uuid:ba4da217-4852-4823-8039-d12de5c811ad")
    ),
    payload("no profile", #""eat_profile""#, #""x""#, .unsupportedProfile("")),
    payload("no expiry", #""exp":1700000600,"#, "", .missingClaim("exp")),
    payload("an expiry in text", #""exp":1700000600"#, #""exp":"1700000600""#, .invalidClaim("exp")),
    payload(
        "a time that is not whole",
        #""exp":1700000600"#,
        #""exp":1700000600.5"#,
        .malformed("a number that is not whole")
    ),
    payload(
        "a time beyond 64 bits",
        #""exp":1700000600"#,
        #""exp":17000006000000000000"#,
        .malformed("a number that is none or is too large")
    ),
    payload("no identifier", #""jti":"token-1","#, "", .missingClaim("jti")),
    payload("an empty identifier", #""token-1""#, #""""#, .invalidClaim("jti")),
    payload(
        "an isolation that there is not",
        #""isolation":"netns""#,
        #""isolation":"vm""#,
        .invalidClaim("egress_run.isolation")
    ),
    payload(
        "a statement that there is not",
        #""statement":"start""#,
        #""statement":"x""#,
        .invalidClaim("egress_run.statement")
    ),
    payload("a digest of another length", TokenForge.digest("a"), "sha256:aa", .invalidClaim("egress_run.policy")),
    payload(
        "a digest in upper case",
        TokenForge.digest("a"),
        TokenForge.digest("A"),
        .invalidClaim("egress_run.policy")
    ),
    payload(
        "a set of capabilities that is none",
        #""ambient":"0000000000000000""#,
        #""ambient":"+000000000000000""#,
        .invalidClaim("egress_run.capabilities.ambient")
    ),
    payload("half of the measurements", #""no_new_privs":true,"#, "", .missingClaim("egress_run.no_new_privs")),
    payload(
        "a truth in text",
        #""no_new_privs":true"#,
        #""no_new_privs":"true""#,
        .invalidClaim("egress_run.no_new_privs")
    ),
    payload("lone surrogates", "worker-1", #"\ud800"#, .malformed("half of a character")),
    payload("a control character", "worker-1", "\u{1}", .malformed("a control character in text")),
    payload(
        "something after the claims",
        #""x86_64"}}}"#,
        #""x86_64"}}} {}"#,
        .malformed("something follows the JSON value")
    ),
    payload(
        "claims nested without end",
        #""sub":"worker-1""#,
        #""x":"# + String(repeating: "[", count: 9) + String(repeating: "]", count: 9),
        .malformed("JSON that is nested too deeply")
    ),

    Forgery("two parts", .malformed("a token has three parts, this has 2")) {
        try String($0.token().split(separator: ".").prefix(2).joined(separator: "."))
    },
    Forgery("four parts", .malformed("a token has three parts, this has 4")) { try $0.token() + ".x" },
    Forgery("nothing", .malformed("a token has three parts, this has 1")) { _ in "" },
    Forgery("a newline at its end", .malformed("a part is not base64url without padding")) { try $0.token() + "\n" },
    Forgery("padding", .malformed("a part is not base64url without padding")) { try $0.token() + "==" },
    Forgery("the JSON serialization (RFC 7515, section 7.2)", .malformed("a token has three parts, this has 1")) { _ in
        "{}"
    },
    Forgery("a signature that is cut", .invalidSignature) { forge in
        let parts = try forge.token().split(separator: ".")
        let signature = try #require(Base64.decodeURL(parts[2].utf8)).dropLast()
        return "\(parts[0]).\(parts[1])." + String(decoding: Base64.encodeURL(signature), as: UTF8.self)
    },
    Forgery("no signature", .invalidSignature) {
        try $0.token().split(separator: ".").prefix(2).joined(separator: ".") + "."
    },
    Forgery("claims that were changed", .invalidSignature) { forge in
        let parts = try forge.token().split(separator: ".")
        return
            "\(parts[0]).\(TokenForge.encoded(TokenForge.claims.replacing("worker-1", with: "worker-2"))).\(parts[2])"
    },
    Forgery("another's signature under our key's name", .invalidSignature) { forge in
        try TokenForge().sign(forge.header, TokenForge.claims)
    },
]

struct VerificationTests {
    private let forge = TokenForge()

    @Test func `a good token is read, and jwt-kit agrees`() async throws {
        let token = try forge.token()
        let attestation = try WorkerAttestation.verify(token: token, trust: forge.trust)
        #expect(attestation.workerID == "worker-1")
        #expect(attestation.isEgressProxyAttested)
        #expect(attestation.executable?.interpreter?.path == "/bin/sh")
        #expect(attestation.kernelRelease == "6.1")

        struct Claims: JWTPayload {
            var sub: SubjectClaim
            func verify(using _: some JWTAlgorithm) throws {}
        }
        let keys = JWTKeyCollection()
        let x = String(decoding: Base64.encodeURL(forge.publicKey), as: UTF8.self)
        await keys.add(eddsa: try EdDSA.PublicKey(x: x, curve: .ed25519), kid: JWKIdentifier(string: forge.keyID))
        #expect(try await keys.verify(token, as: Claims.self).sub.value == "worker-1")
    }

    @Test(arguments: forgeries)
    private func `what is not exactly a good token is refused`(_ forgery: Forgery) throws {
        let token = try forgery.token(forge)
        #expect(throws: forgery.error(forge)) { try WorkerAttestation.verify(token: token, trust: forge.trust) }
    }

    @Test func `a changed bit anywhere is refused`() throws {
        let token = Array(try forge.token().utf8)
        for index in stride(from: 0, to: token.count, by: 7) where token[index] != UInt8(ascii: ".") {
            var changed = token
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(throws: WorkerAttestationError.self) {
                try WorkerAttestation.verify(token: String(decoding: changed, as: UTF8.self), trust: forge.trust)
            }
        }
    }

    @Test func `the other spellings of a signature's last character are refused`() throws {
        // 64 bytes are 86 characters, the last of which has 4 bits that mean nothing: RFC 4648, section 3.5.
        let token = try forge.token()
        let last = try #require(token.last)
        for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" where other != last {
            #expect(throws: WorkerAttestationError.self) {
                try WorkerAttestation.verify(token: token.dropLast() + String(other), trust: forge.trust)
            }
        }
    }

    @Test func `a token of 16 KiB is read, and not one byte more`() throws {
        func token(_ count: Int) throws -> String {
            let room = String(repeating: "x", count: count)
            return try forge.token((#""sub":"worker-1""#, #""sub":"worker-1","x":"\#(room)""#))
        }
        let base = try token(0).utf8.count
        // Three bytes of claims are four of the token.
        var count = (WorkerAttestation.maximumTokenLength - base) * 3 / 4
        while try token(count).utf8.count > WorkerAttestation.maximumTokenLength { count -= 1 }
        _ = try WorkerAttestation.verify(token: token(count), trust: forge.trust)
        let long = try token(count + 2)
        #expect(throws: WorkerAttestationError.tokenTooLarge(bytes: long.utf8.count)) {
            try WorkerAttestation.verify(token: long, trust: forge.trust)
        }
    }

    @Test func `nothing is believed without a trusted key`() throws {
        #expect(throws: WorkerAttestationError.unknownKey(forge.keyID)) {
            try WorkerAttestation.verify(token: forge.token(), trust: TrustedKeys())
        }
    }

    @Test func `a claim that we don't know changes nothing`() throws {
        let token = try forge.token((#""sub":"worker-1""#, #""sub":"worker-1","new":{"a":[1,null,false]}"#))
        #expect(try WorkerAttestation.verify(token: token, trust: forge.trust).workerID == "worker-1")
    }
}
