// SPDX-License-Identifier: Apache-2.0

import EgressEvidence
import EgressFleet
import Testing

// The key of RFC 8037, appendix A.1 and A.2, and its thumbprint of A.3.
private let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
private let thumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
private let jwk = #"{"kty":"OKP","crv":"Ed25519","x":"\#(x)"}"#
// `openssl pkey -pubout` of the same key.
private let pem = """
    -----BEGIN PUBLIC KEY-----
    MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
    -----END PUBLIC KEY-----

    """

struct TrustedKeysTests {
    @Test(arguments: [
        jwk, jwk + "\n", "# ours\n\n" + jwk, #"{"keys":[\#(jwk)]}"#, pem, "# ours\n" + pem + jwk + "\n" + pem,
    ])
    func `keys are read from PEM and JWK`(_ text: String) throws {
        #expect(try TrustedKeys(parsing: Array(text.utf8)).identifiers == [thumbprint])
    }

    @Test(arguments: [
        ("", "there is no public key"), ("# none\n", "there is no public key"),
        (#"{"keys":[]}"#, "there is no public key"),
        ("hello\n", "line 1: this is neither"), (pem + "x", "line 4: this is neither"),
        (#"{"kty":"OKP","crv":"Ed25519","x":"\#(x)","d":"AAAA"}"#, "line 1: this is a private key"),
        (#"{"kty":"OKP","crv":"X25519","x":"\#(x)"}"#, "line 1: this is no Ed25519"),
        (#"{"kty":"OKP","crv":"Ed25519","x":"\#(x)","use":"enc"}"#, "line 1: this is no Ed25519"),
        (#"{"kty":"OKP","crv":"Ed25519","x":"\#(x)A"}"#, "line 1: this is no Ed25519"),
        (#"{"kty":"OKP","crv":"Ed25519","x":"\#(x)","x":"\#(x)"}"#, "line 1: this is no JWK"),
        ("\n" + pem.replacing("MCow", with: "MCox"), "line 4: this is no Ed25519"),
        (pem.replacing("PUBLIC", with: "PRIVATE"), "line 3: this is a private key"),
        (String(pem.dropLast(27)), "the last PEM block has no end"),
    ])
    func `anything else is refused, and said where`(_ text: String, _ message: String) {
        let error = #expect(throws: TrustedKeysError.self) { try TrustedKeys(parsing: Array(text.utf8)) }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }
}
