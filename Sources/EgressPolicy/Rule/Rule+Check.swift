// SPDX-License-Identifier: Apache-2.0

extension Rule {
    /// Refuses a rule which opens far more than its writer can know, or which could never match.
    ///
    /// ``parse(_:for:)`` ends with this; whoever builds a rule from parts calls it with the finished rule.
    ///
    /// - Throws: ``RuleError`` whose input is the rule's text.
    public func check(for list: List) throws(RuleError) {
        guard !ports.isEmpty else { throw refusal(.neverMatches, "the rule names no port: leave them out for all") }
        guard !protocols.isEmpty else { throw refusal(.badProtocol, "the rule names no transport: tcp or udp") }
        switch list {
        case .deny:
            if isPrivate { throw refusal(.neverMatches, "'private' has no meaning in a deny rule") }
        case .allow:
            switch target {
            case .host(let host): try check(host)
            case .hostAndBelow(let host), .below(let host):
                try check(host)
                try checkBreadth(host)
            case .address(let address): try check(AddressBlock(address))
            case .block(let block):
                try checkBreadth(block)
                try check(block)
            }
        }
    }

    private func refusal(_ code: RuleError.Code, _ hint: String) -> RuleError {
        RuleError(code, input: description, hint: hint)
    }

    private func check(_ host: Host) throws(RuleError) {
        guard host.isLocalhost else { return }
        let hint = "localhost is the command's own; to reach a port of this machine write 127.0.0.1 and the port"
        throw refusal(.loopback, hint)
    }

    private func checkBreadth(_ host: Host) throws(RuleError) {
        guard PublicSuffix.contains(host) else { return }
        let hint = "anyone can register a name below \(host): name the hosts that are needed, such as .example.\(host)"
        throw refusal(.overBroad, hint)
    }

    private func checkBreadth(_ block: AddressBlock) throws(RuleError) {
        let shortest = block.base.width == 32 ? 8 : 16
        guard block.prefixLength < shortest else { return }
        let example = block.base.width == 32 ? "10.1.0.0/16" : "2606:2800::/32"
        throw refusal(.overBroad, "an allowed block has a length of /\(shortest) or more, such as \(example)")
    }

    private func check(_ block: AddressBlock) throws(RuleError) {
        let isSole = block.soleAddress != nil
        for loopback in Self.loopback where loopback.overlaps(block) {
            let example = "\(loopback.soleAddress == nil ? "127.0.0.1" : "[::1]"):5432"
            if !isSole { throw refusal(.loopback, "name one loopback address and its ports, such as \(example)") }
            if ports.isAny {
                let hint = "this opens ports of this machine's own loopback: name them, such as \(example)"
                throw refusal(.loopback, hint)
            }
        }
        if !isSole, block.base.needsExactRule, block.last.needsExactRule {
            throw refusal(.neverMatches, "addresses of this kind are only allowed one by one, each by its literal")
        }
    }

    private static let loopback = [
        AddressBlock(containing: .v4(IPv4Address(bits: 0x7f00_0000)), prefixLength: 8),
        AddressBlock(.v6(IPv6Address(high: 0, low: 1))),
    ]
}
