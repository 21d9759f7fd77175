// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

/// A text is a rule, or an error with a sentence; a rule is told in words that make the same rule.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    for list in [Rule.List.allow, .deny] {
        do {
            let rule = try Rule.parse(text, for: list)
            guard let again = try? Rule.parse(rule.description, for: list) else {
                fatalError("'\(rule)' is told and can't be read")
            }
            precondition(again == rule, "'\(rule)' is read again as '\(again)'")
            decide(rule)
        } catch {
            precondition(!error.description.isEmpty)
        }
    }
    // A text that is an address is its own canonical form, and is no host.
    if let address = IPAddress(text) {
        precondition(IPAddress(address.description) == address, "\(address) is not read again")
        precondition((try? Host(text)) == nil, "'\(text)' is an address and a host")
    }
    if let host = try? Host(text) { precondition((try? Host(host.description)) == host) }
    if let block = AddressBlock(text) { precondition(AddressBlock(block.description) == block) }
    return 0
}

private func decide(_ rule: Rule) {
    let policy = Policy(allow: [rule], deny: [])
    switch rule.target {
    case .host(let host), .hostAndBelow(let host):
        precondition(policy.decide(name: host).isAllowed, "\(rule) does not allow \(host)")
    case .below(let host):
        precondition(!policy.decide(name: host).isAllowed, "\(rule) allows \(host)")
    case .address(let address):
        _ = policy.decide(address: address, port: 443, protocol: .tcp, names: [])
    case .block: break
    }
}
