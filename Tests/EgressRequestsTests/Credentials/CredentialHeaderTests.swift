// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressRequests
import Testing

@Suite struct CredentialHeaderTests {
    private func isAccepted(_ name: String) -> Bool {
        do throws(EgressPolicyError) {
            try CredentialHeader.check(name)
            return true
        } catch {
            #expect(error.reason == .invalidCredentialHeader)
            return false
        }
    }

    @Test(arguments: [
        "authorization", "Authorization", "PROXY-AUTHORIZATION", "Cookie", "X-Api-Key", "api-key", "apikey",
        "X-Auth-Token", "x-vault-token", "x-amz-security-token", "x-a-token", "dd-api-key", "X-Goog-Api-Key",
        "PRIVATE-TOKEN", "Ocp-Apim-Subscription-Key",
    ])
    func `a name shaped like a credential may carry one`(name: String) {
        #expect(isAccepted(name))
    }

    @Test(arguments: [
        // Not shaped like one
        "accept", "user-agent", "x-request-id", "x-api-key-id", "x-token", "x--token", "-api-key", "token",
        "authorizations",
        "content-type", "xauthtoken", "x-api-key2",
        // Steers the connection or says who asks, whatever its shape
        "host", "Host", "x-forwarded-for", "X-Forwarded-Host", "x-forwarded-access-token", "x-forwarded-api-key",
        "forwarded",
        "x-real-ip", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "proxy-connection",
        "proxy-authenticate", "content-length", "expect", "via", "set-cookie", "sec-api-key", "origin", "referer",
        // No token (RFC 9110, section 5.6.2)
        "", " authorization", "authorization ", "author ization", "authorization:", "x-a\r\n-token", "x-\u{0}-token",
        "x-\u{e9}-token", "x-(a)-token", "x-\"a\"-token", "x-a/b-token",
    ])
    func `any other name may not`(name: String) {
        #expect(!isAccepted(name))
    }

    @Test func `a name has a bounded length`() {
        let name = { (count: Int) in "x-" + String(repeating: "a", count: count - 8) + "-token" }
        #expect(isAccepted(name(CredentialHeader.maximumNameLength)))
        #expect(!isAccepted(name(CredentialHeader.maximumNameLength + 1)))
    }

    @Test func `a token is what RFC 9110 says, for every byte`() {
        let others = Set("\"(),/:;<=>?@[\\]{}".utf8)
        for byte in UInt8.min...UInt8.max {
            let isToken = (0x21..<0x7f).contains(byte) && !others.contains(byte)
            #expect(CredentialHeader.isToken([byte]) == isToken, "\(byte)")
        }
        #expect(!CredentialHeader.isToken([]))
    }

    @Test func `a value has no control character and is ASCII, for every byte at every place`() {
        for byte in UInt8.min...UInt8.max {
            let isGood = (0x20..<0x7f).contains(byte) || byte == 9
            for place in 0..<3 {
                var value = Array("abc".utf8)
                value[place] = byte
                let result = Result { () throws(EgressPolicyError) in
                    try CredentialHeader.check(value: value.span, of: "authorization")
                }
                #expect((try? result.get()) != nil ? isGood : !isGood, "\(byte)")
            }
        }
    }

    @Test func `a refused value is not told`() {
        let value = Array("canary\r\nX-Other: 1".utf8)
        do throws(EgressPolicyError) {
            try CredentialHeader.check(value: value.span, of: "authorization")
            Issue.record("it is accepted")
        } catch {
            #expect(error.reason == .invalidCredentialHeader)
            #expect(!String(reflecting: error).contains("canary"))
        }
        #expect(throws: EgressPolicyError.self) {
            try CredentialHeader.check(value: [UInt8]().span, of: "authorization")
        }
    }
}
