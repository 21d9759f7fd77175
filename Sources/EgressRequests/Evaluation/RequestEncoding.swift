// SPDX-License-Identifier: Apache-2.0

import Crypto
import EgressPolicy

/// The bytes behind a request's fingerprint, version 1.
///
/// A field is its length in bytes as a big-endian 32-bit number and its bytes; a number is 8 big-endian bytes without a
/// length; a list is its count as a number and its elements as fields. Each encoding begins with the field that names it, so
/// none can be taken for another, and no two different requests have the same.
///
///     request    "egress-run request 1", method, scheme, host, port (number), target, maxResponseBytes (number),
///                SHA-256 of the policy's encoding, list of credentials
///     policy     "egress-run policy 1", allow_private (number, 0 or 1), list of allow rules, list of deny rules
///     credential header, prefix, kind of source, name of source, field of source, list of hosts
///
/// `host` is in canonical text, `target` the path (`/` when empty) and query as written; the fragment is no part of a
/// request. Rules are in their one-line form. Lists are sorted by bytes, because their order means nothing, and rules that
/// stand twice count once. Sources are their kind and name: a secret's value is not known here, and never part of it.
struct RequestEncoding {
    private(set) var bytes: [UInt8] = []

    /// The encoding of a request whose URL was read.
    init(_ request: EgressProxyRequest, _ url: WebURL) {
        bytes.reserveCapacity(256 + request.url.utf8.count)
        add("egress-run request 1")
        add(request.method)
        add(url.scheme)
        switch url.host {
        case .name(let host): add(host.utf8)
        case .address(let address): add(address.description)
        }
        add(UInt64(url.port))
        add(target: url)
        add(request.maxResponseBytes)
        add(request.policy.storage.digest)
        add(list: request.credentials.bindings.map { RequestEncoding($0).bytes })
    }

    /// The encoding of a policy.
    init(_ policy: Policy) {
        add("egress-run policy 1")
        add(policy.allowPrivate ? 1 : 0)
        add(rules: policy.allowRules)
        add(rules: policy.denyRules)
    }

    private init(_ binding: CredentialBinding) {
        add(binding.header)
        add(binding.prefix)
        let (kind, name, field): (String, String, String?) =
            switch binding.source {
            case .vault(let reference): ("vault", reference.name, reference.field)
            case .env(let name): ("env", name, nil)
            case .file(let path): ("file", path, nil)
            case .exec(let command): ("exec", command, nil)
            }
        add(kind)
        add(name)
        // A field is never empty when there is one.
        add(field ?? "")
        add(rules: binding.hosts)
    }

    /// The digest of a policy, for the encodings of its requests.
    static func digest(of policy: Policy) -> [UInt8] {
        Array(SHA256.hash(data: RequestEncoding(policy).bytes))
    }

    /// SHA-256 in lower-case hexadecimal.
    var fingerprint: String {
        let digest = SHA256.hash(data: bytes)
        return unsafe String(unsafeUninitializedCapacity: 2 * SHA256.byteCount) { text in
            var end = 0
            for byte in digest {
                unsafe text[end] = Self.digit(byte >> 4)
                unsafe text[end + 1] = Self.digit(byte & 0xf)
                end += 2
            }
            return end
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    private mutating func add(_ number: UInt64) {
        append(number)
    }

    private mutating func add(_ text: String) {
        add(text.utf8)
    }

    private mutating func add(_ field: some Collection<UInt8>) {
        append(UInt32(clamping: field.count))
        bytes.append(contentsOf: field)
    }

    /// The field of ``EgressPolicy/WebURL/target``, put together in place.
    private mutating func add(target url: WebURL) {
        let path = url.path.isEmpty ? "/" : url.path
        append(UInt32(clamping: path.utf8.count + (url.query.map { 1 + $0.utf8.count } ?? 0)))
        bytes.append(contentsOf: path.utf8)
        guard let query = url.query else { return }
        bytes.append(UInt8(ascii: "?"))
        bytes.append(contentsOf: query.utf8)
    }

    /// In big-endian order.
    private mutating func append(_ number: some FixedWidthInteger) {
        unsafe withUnsafeBytes(of: number.bigEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    private mutating func add(rules: [Rule]) {
        add(list: Set(rules).map { Array($0.description.utf8) })
    }

    private mutating func add(list: [[UInt8]]) {
        add(UInt64(list.count))
        for element in list.sorted(by: { $0.lexicographicallyPrecedes($1) }) { add(element) }
    }
}
