// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressPolicyFile

/// A file is a policy or an error that names a place and can be shown on a terminal.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    do {
        let document = try PolicyDocument.parse(bytes, name: "policy.yaml")
        let policy = Policy(allow: document.allow, deny: document.deny, allowPrivate: document.allowPrivate)
        for rule in document.allow { check(rule, under: policy) }
    } catch {
        precondition(error.line ?? 1 >= 1 && error.column ?? 1 >= 1, "an error at no place: \(error)")
        precondition(error.description.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }, "an error with control characters")
    }
    return 0
}

/// A rule is told in the words that make it, and what a policy says of its target does not trap.
private func check(_ rule: Rule, under policy: Policy) {
    guard let again = try? Rule.parse(rule.description) else { fatalError("'\(rule)' is told and can't be read") }
    precondition(again == rule, "'\(rule)' is read again as '\(again)'")
    if case .host(let host) = rule.target { _ = policy.decide(name: host) }
    if case .address(let address) = rule.target {
        _ = policy.decide(address: address, port: 443, protocol: .tcp, names: [])
    }
}
