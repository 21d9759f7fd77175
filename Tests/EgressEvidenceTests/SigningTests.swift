// SPDX-License-Identifier: Apache-2.0

import EgressEvidence
import TestSupport
import Testing

private func bytes(_ hexadecimal: String) -> [UInt8] {
    stride(from: 0, to: hexadecimal.utf8.count, by: 2).compactMap { offset in
        UInt8(hexadecimal.dropFirst(offset).prefix(2), radix: 16)
    }
}

// The macros of Testing take no value that can't be copied.
private func take(_ seed: inout [UInt8]) throws -> SigningKey {
    guard let key = SigningKey(taking: &seed) else { throw SupportError("no key") }
    return key
}

private func read(_ text: inout [UInt8]) throws -> SigningKey {
    guard let key = SigningKey(pem: &text) else { throw SupportError("no key") }
    return key
}

struct SigningTests {
    // FIPS 180-4's examples (NIST, "SHA256.pdf"), and one that is longer than our chunks.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            String(repeating: "a", count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ])
    func `digests are those of the standard`(_ text: String, _ digest: String) {
        #expect(SHA256.digest(of: Array(text.utf8)).hexadecimal == digest)
        var hash = SHA256()
        for byte in text.utf8.prefix(1000) { hash.update([byte]) }
        hash.update(Array(text.utf8.dropFirst(1000)))
        #expect(hash.digest.hexadecimal == digest)
        #expect(hash.digest.hexadecimal == digest, "asking does not end it")
    }

    // RFC 8032, section 7.1: tests 1, 2 and 3.
    @Test(arguments: [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe"
                + "24655141438e7a100b"
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302a"
                + "eeb00d291612bb0c00"
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed2"
                + "8dc027beceea1ec40a"
        ),
    ])
    func `signatures are those of the standard`(
        _ secret: String,
        _ publicKey: String,
        _ message: String,
        _ signature: String
    ) throws {
        var seed = bytes(secret)
        let key = try take(&seed)
        #expect(seed.allSatisfy { $0 == 0 }, "what was taken is wiped")
        #expect(key.publicKey == bytes(publicKey))
        #expect(key.sign(bytes(message)) == bytes(signature))
    }

    // RFC 8410, section 10.3, whose public key is in 10.1.
    @Test func `a key is read from PEM, and the text is wiped`() throws {
        var text = Array(
            """
            -----BEGIN PRIVATE KEY-----
            MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
            -----END PRIVATE KEY-----
            """.utf8
        )
        let key = try read(&text)
        #expect(text.allSatisfy { $0 == 0 })
        #expect(
            String(decoding: key.publicPEM, as: UTF8.self) == """
                -----BEGIN PUBLIC KEY-----
                MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
                -----END PUBLIC KEY-----

                """
        )
        var again = key.privatePEM
        let copy = try read(&again)
        #expect(copy.publicKey == key.publicKey)
    }

    // RFC 8037, appendix A.3.
    @Test func `a key is named by its thumbprint`() throws {
        var seed = try #require(Base64.decodeURL("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A".utf8))
        let key = try take(&seed)
        #expect(key.identifier == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    }

    @Test(arguments: [
        "", "hello", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC",
        // X25519 (OID 1.3.101.110) and a key of 31 bytes.
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nMC0CAQAwBQYDK2VwBCEEH9Tuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVg=\n-----END PRIVATE KEY-----",
    ])
    func `what is no Ed25519 key is none`(_ text: String) {
        var text = Array(text.utf8)
        #expect(throws: SupportError.self) { _ = try read(&text) }
    }

    @Test func `two keys are not the same`() throws {
        let (first, second) = (try SigningKey.generate().publicKey, try SigningKey.generate().publicKey)
        #expect(first != second)
    }

    // RFC 4648, section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func `base64 is that of the standard`(_ text: String, _ encoded: String) {
        #expect(String(decoding: Base64.encode(text.utf8), as: UTF8.self) == encoded)
        #expect(Base64.decode(encoded.utf8) == Array(text.utf8))
        let url = encoded.replacing("=", with: "")
        #expect(String(decoding: Base64.encodeURL(text.utf8), as: UTF8.self) == url)
        #expect(Base64.decodeURL(url.utf8) == Array(text.utf8))
    }

    @Test(arguments: ["Z", "Zg=", "Zh==", "Zm9=", "Zm9v\n", "Zm 9v", "Z===", "====", "Zg==Zg==", "-_-_"])
    func `other spellings in base64 are refused`(_ text: String) {
        #expect(Base64.decode(text.utf8) == nil)
    }

    @Test(arguments: ["sha256:" + String(repeating: "0a", count: 32)])
    func `a digest is written as it is read`(_ text: String) {
        #expect(Digest(text)?.description == text)
        #expect(Digest(text.dropLast()) == nil)
        #expect(Digest(text + "0") == nil)
        #expect(Digest(text.replacing("a", with: "A")) == nil)
        #expect(Digest(text.replacing("sha256", with: "sha512")) == nil)
        #expect(Digest(text.replacing("a", with: "g")) == nil)
    }
}
