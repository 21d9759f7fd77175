// SPDX-License-Identifier: Apache-2.0

import Crypto
import EgressEvidence
import EgressFleet

/// Makes tokens, good ones and others, by another implementation of Ed25519 than egress-run's.
struct TokenForge {
    let key = Curve25519.Signing.PrivateKey()

    var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }
    var keyID: String { TrustedKeys.identifier(ofRawKey: publicKey) }

    var trust: TrustedKeys {
        var keys = TrustedKeys()
        keys.insert(rawKey: publicKey)
        return keys
    }

    var header: String { #"{"alg":"EdDSA","kid":"\#(keyID)","typ":"eat+jwt"}"# }

    /// A token of the good claims with some changes.
    func token(_ changes: (String, String)...) throws -> String {
        try sign(header, changes.reduce(Self.claims) { $0.replacing($1.0, with: $1.1) })
    }

    /// A token of any header and payload.
    func sign(_ header: String, _ payload: String) throws -> String {
        let signed = "\(Self.encoded(header)).\(Self.encoded(payload))"
        let signature = try key.signature(for: Array(signed.utf8))
        return "\(signed).\(String(decoding: Base64.encodeURL(Array(signature)), as: UTF8.self))"
    }

    static func encoded(_ text: String) -> String {
        String(decoding: Base64.encodeURL(Array(text.utf8)), as: UTF8.self)
    }

    static func digest(_ digit: Character) -> String { "sha256:" + String(repeating: digit, count: 64) }

    static let issued: Int64 = 1_700_000_000

    /// Of a worker that is held.
    static let claims = """
        {"eat_profile":"urn:uuid:ba4da217-4852-4823-8039-d12de5c811ac","iss":"egress-run","sub":"worker-1","jti":"token-1",\
        "iat":1700000000,"nbf":1700000000,"exp":1700000600,"eat_nonce":"challenge-1","swname":"egress-run",\
        "swversion":["0.1.0"],"egress_run":{"statement":"start","isolation":"netns","namespaces":{"worker":{"net":11,\
        "pid":12,"mnt":13,"ipc":14,"uts":15,"user":16},"relay":{"net":31},"host":{"net":21,"pid":22,"mnt":23,"ipc":24,\
        "uts":25,"user":26}},"relay_links":[{"index":1,"name":"lo","kind":"loopback","up":true},{"index":2,\
        "name":"worker","kind":"veth","up":true,"peer":"worker"},{"index":3,"name":"sit0","kind":"sit","up":false}],\
        "worker_links":[{"index":1,"name":"lo","kind":"loopback","up":true},{"index":2,"name":"eth0","kind":"veth",\
        "up":true,"peer":"relay"}],"seccomp":{"mode":2,"filters":3,"host_filters":2,"digest":"\(digest("5"))"},\
        "no_new_privs":true,"capabilities":{"inheritable":"0000000000000000","permitted":"00000000800404ff",\
        "effective":"00000000800404ff","bounding":"00000000800404ff","ambient":"0000000000000000"},\
        "policy":"\(digest("a"))","launcher":"\(digest("b"))","executable":{"path":"/bin/true","digest":"\(digest("c"))",\
        "interpreter":{"path":"/bin/sh","digest":"\(digest("9"))"}},"image":"\(digest("d"))","build":"\(digest("e"))",\
        "artifact":"\(digest("f"))","kernel":{"release":"6.1","machine":"x86_64"}}}
        """
}
