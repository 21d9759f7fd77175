// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import NIOSSL

/// Whether a certificate was issued for the host of a URL (RFC 9110, section 4.3.4; RFC 9525, section 6).
///
/// NIOSSL checks names too, but more loosely than is right here: it takes a certificate for the connected *address* as one
/// for any name, so that whoever answers at an address, with a certificate for that, could answer as every host; it takes
/// the common name where there is no other; and it lets `f*.example.com` stand for a label. This check comes on top.
enum CertificateName {
    /// Whether one of the certificate's subject alternative names is the host. A common name is never looked at.
    static func matches(_ certificate: NIOSSLCertificate, _ host: WebURL.Authority) -> Bool {
        certificate._subjectAlternativeNames().contains { name in
            switch (host, name.nameType) {
            case (.name(let host), .dnsName):
                matches(pattern: Array(name.contents), host.description)
            case (.address(let address), .ipAddress):
                Array(name.contents) == address.networkBytes
            default: false
            }
        }
    }

    /// Whether a name of a certificate stands for a host: equal but for case, or with `*` for the whole first label.
    static func matches(pattern: [UInt8], _ host: String) -> Bool {
        guard pattern.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return false }
        let pattern = String(decoding: pattern, as: UTF8.self).lowercased(), host = host.lowercased()
        guard pattern.hasPrefix("*.") else { return !pattern.contains("*") && pattern == host }
        let rest = pattern.dropFirst()
        // `*.com` names nobody's domain.
        guard !rest.contains("*"), rest.dropFirst().contains("."), let dot = host.firstIndex(of: ".") else {
            return false
        }
        return dot != host.startIndex && host[dot...] == rest
    }
}
