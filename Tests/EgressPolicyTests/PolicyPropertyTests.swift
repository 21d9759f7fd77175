// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@Suite struct PolicyPropertyTests {
    @Test(arguments: 0..<8)
    func `the compiled policy decides as the linear one does`(seed: Int) throws {
        var world = RandomWorld(random: SeededGenerator(seed: UInt64(seed)))
        for round in 0..<60 {
            let size = [1, 4, 20, 80][round % 4]
            let (fast, slow) = try policies(&world, size)
            for _ in 0..<25 {
                let names = try (0..<Int.random(in: 0...2, using: &world.random)).map { _ in try world.host() }
                let name = try world.host()
                let (address, port, transport) = (world.address(), world.port(), world.transport())
                let answer = (0..<Int.random(in: 0...3, using: &world.random)).map { _ in world.address() }

                #expect(fast.decide(name: name) == slow.decide(name: name))
                #expect(fast.decide(alias: name) == slow.decide(alias: name))
                #expect(fast.validate(answer: answer, for: name) == slow.validate(answer: answer, for: name))
                let verdict = fast.decide(address: address, port: port, protocol: transport, names: names)
                let expected = slow.decide(address: address, port: port, protocol: transport, names: names)
                #expect(verdict == expected, "\(address) \(port) \(transport) \(names)")
            }
        }
    }

    @Test func `many rules decide as few do`() throws {
        var world = RandomWorld(random: SeededGenerator(seed: 100))
        var allow = try (0..<3_000).map { _ in try world.rule(isDeny: false) }
        for number in 0..<3_000 {
            allow.append(try Rule.parse("n\(number).a.example:\(number + 1)"))
            allow.append(try Rule.parse("a.b.test:\(number * 2 + 1)-\(number * 2 + 9)"))
            allow.append(try Rule.parse("10.\(number / 256).\(number % 256).0/24:\(number + 1)"))
        }
        let fast = Policy(allow: allow, deny: [])
        let slow = LinearPolicy(allow: allow, deny: [], allowPrivate: false)
        for number in stride(from: 0, to: 3_000, by: 97) {
            let host = try Host("n\(number).a.example")
            let address = IPAddress.v4(IPv4Address(bits: 0x0a00_0007 + UInt32(number) << 8))
            for port in [UInt16(number + 1), UInt16(number * 2 + 3)] {
                let names = try [host, Host("a.b.test")]
                let verdict = fast.decide(address: address, port: port, protocol: .tcp, names: names)
                #expect(verdict == slow.decide(address: address, port: port, protocol: .tcp, names: names))
            }
            #expect(fast.decide(name: host) == slow.decide(name: host))
        }
    }

    @Test func `a suggested rule opens what was denied, and is taken by the flag`() throws {
        var world = RandomWorld(random: SeededGenerator(seed: 7))
        var opened = 0
        for _ in 0..<600 {
            let (policy, _) = try policies(&world, 6)
            for _ in 0..<8 {
                let names = try (0..<Int.random(in: 0...2, using: &world.random)).map { _ in try world.host() }
                let (address, port, transport) = (world.address(), world.port(), world.transport())
                let verdict = policy.decide(address: address, port: port, protocol: transport, names: names)
                guard !verdict.isAllowed else { continue }
                let text = policy.suggestion(address: address, port: port, protocol: transport, names: names)
                #expect(
                    (text == nil) == (verdict.reason == .deniedByRule || port == 0),
                    "\(address) \(port) \(verdict)"
                )
                guard let text else { continue }
                let wider = policy.adding(try Rule.parse(text))
                #expect(
                    wider.decide(address: address, port: port, protocol: transport, names: names).isAllowed,
                    "\(text)"
                )
                opened += 1
            }
        }
        #expect(opened > 1_000)
    }

    @Test func `a rule suggested for a name lets its answer through`() throws {
        var world = RandomWorld(random: SeededGenerator(seed: 8))
        var opened = 0
        for _ in 0..<4_000 {
            let (policy, _) = try policies(&world, 3)
            let name = try world.host()
            let answer = (0..<Int.random(in: 1...2, using: &world.random)).map { _ in world.address() }
            let verdict = policy.validate(answer: answer, for: name)
            guard !verdict.isAllowed else { continue }
            let text = policy.suggestion(host: name, answer: answer)
            if verdict.reason == .deniedByRule { #expect(text == nil) }
            guard let text else { continue }
            #expect(
                try policy.adding(Rule.parse(text)).validate(answer: answer, for: name).isAllowed,
                "\(name) \(answer) \(text)"
            )
            opened += 1
        }
        #expect(opened > 1_000)
    }

    @Test(
        arguments: [
            ("evil.example", 443, "evil.example:443"), ("evil.example", nil, "evil.example"),
            ("a.bad.example", 443, nil),
            ("half.example", 443, nil), ("half.example", 80, "half.example:80"), ("localhost", 80, nil),
            ("evil.example", 0, nil),
        ] as [(String, UInt16?, String?)]
    )
    func `a denied name is told the flag that opens it, if one can`(name: String, port: UInt16?, flag: String?) throws {
        let policy = try policy(["ok.example:443"], deny: [".bad.example", "half.example:443"])
        #expect(try policy.suggestion(host: Host(name), port: port) == flag)
    }

    @Test(arguments: [
        ("10.0.0.1", "ok.example", "ok.example/private"), ("10.0.0.1", "new.example", "new.example/private"),
        ("169.254.169.254", "ok.example", "169.254.169.254"), ("169.254.169.254", "new.example", nil),
        ("8.8.8.8", "new.example", "new.example"), ("198.51.100.7", "ok.example", nil),
    ])
    func `a voided answer is told the flag that lets it through`(address: String, name: String, flag: String?) throws {
        let policy = try policy(["ok.example"], deny: ["198.51.100.0/24"])
        #expect(try policy.suggestion(host: Host(name), answer: [#require(IPAddress(address))]) == flag)
    }

    @Test(arguments: [
        ("8.8.8.8", "", "8.8.8.8:53"), ("2606:2800::1", "", "[2606:2800::1]:53"), ("::ffff:8.8.8.8", "", "8.8.8.8:53"),
        ("8.8.8.8", "ok.example", "ok.example:53"), ("10.0.0.1", "ok.example", "ok.example:53/private"),
        ("169.254.169.254", "ok.example", "169.254.169.254:53"), ("127.0.0.1", "", "127.0.0.1:53"),
        ("198.51.100.7", "", nil), ("64:ff9b::198.51.100.7", "", nil), ("8.8.8.8", "bad.example", nil),
    ])
    func `a denied address is told the flag that opens it, if one can`(address: String, name: String, flag: String?)
        throws
    {
        let policy = try policy(["ok.example:443"], deny: ["198.51.100.0/24", "bad.example"])
        let names = try name.isEmpty ? [] : [Host(name)]
        #expect(
            try policy.suggestion(address: #require(IPAddress(address)), port: 53, protocol: .udp, names: names) == flag
        )
    }

    private func policies(_ world: inout RandomWorld, _ size: Int) throws -> (Policy, LinearPolicy) {
        let allow = try (0..<size).map { _ in try world.rule(isDeny: false) }
        let deny = try (0..<size / 3).map { _ in try world.rule(isDeny: true) }
        let allowPrivate = world.random.once(in: 3)
        return (
            Policy(allow: allow, deny: deny, allowPrivate: allowPrivate),
            LinearPolicy(allow: allow, deny: deny, allowPrivate: allowPrivate)
        )
    }
}

extension Policy {
    fileprivate func adding(_ rule: Rule) -> Policy {
        Policy(allow: allowRules + [rule], deny: denyRules, allowPrivate: allowPrivate)
    }
}
