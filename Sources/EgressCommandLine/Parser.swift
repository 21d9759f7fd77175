// SPDX-License-Identifier: Apache-2.0

import EgressText

// The command line is read by this small parser and not by swift-argument-parser, deliberately: that library doubles
// the start-up time of `egress-run -- true` (3.0 ms where 1.6 ms is the static binary's own) and brings Foundation.
// It also does not stop at the first operand the way POSIX (XBD 12.2, guideline 9) and every wrapper command does:
// what follows the command's name belongs to the command.

extension Request {
    /// Reads a command line.
    ///
    /// Options end at `--` or at the first argument that is no option. `--name value` and `--name=value` mean the
    /// same; `-q`, `-v` and `-c` may be bundled. As in `sh`, `-c` takes its line from the first operand and the
    /// operands after it become `$0`, `$1`...
    ///
    /// - Parameter arguments: The arguments without the program's name.
    /// - Throws: What is wrong with the first argument that cannot be followed.
    public static func parse(_ arguments: [String]) throws(UsageError) -> Request {
        var parser = Parser(arguments: arguments)
        return try parser.parse()
    }
}

private struct Parser {
    let arguments: [String]
    var index = 0
    var options = Options(command: .program([]), commandIndex: 0)
    var attestation = Options.Attestation()
    var isShell = false
    var given: Set<Option> = []

    init(arguments: [String]) {
        self.arguments = arguments
    }

    mutating func parse() throws(UsageError) -> Request {
        while index < arguments.count {
            let argument = arguments[index]
            guard argument.utf8.first == UInt8(ascii: "-"), argument != "-" else { break }
            index += 1
            if argument == "--" { break }
            for (option, value) in try read(argument) {
                switch option {
                case .help: return .help
                case .version: return .version
                default: try apply(option, value)
                }
            }
        }
        try checkPreload()
        if given.contains(.auditLimit), !given.contains(.audit) {
            throw UsageError("option '--audit-limit' needs '--audit'", hint: "--audit FILE writes the audit")
        }
        try takeAttestation()
        try takeOperands()
        return .run(options)
    }

    /// The options that one argument holds: one long option with its value, or a bundle of short ones.
    private mutating func read(_ argument: String) throws(UsageError) -> [(Option, String)] {
        guard argument.utf8.starts(with: "--".utf8) else { return try readBundle(argument) }
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.first.map(String.init) ?? argument
        guard let option = Option(rawValue: name) else { throw unknown(name) }
        guard let placeholder = option.value else {
            if parts.count > 1 { throw UsageError("option '\(name)' takes no value") }
            return [(option, "")]
        }
        let value = parts.count > 1 ? String(parts[1]) : try nextValue(of: name, placeholder)
        if value.isEmpty { throw UsageError("option '\(name)' has an empty value", hint: "\(name) \(placeholder)") }
        return [(option, value)]
    }

    private func readBundle(_ argument: String) throws(UsageError) -> [(Option, String)] {
        var found: [(Option, String)] = []
        for letter in argument.dropFirst() {
            guard let option = Option(rawValue: "-\(letter)") else { throw unknown(argument) }
            found.append((option, ""))
        }
        return found
    }

    private mutating func nextValue(of name: String, _ placeholder: String) throws(UsageError) -> String {
        guard index < arguments.count else {
            throw UsageError("option '\(name)' needs a value", hint: "\(name) \(placeholder)")
        }
        let value = arguments[index]
        // No rule, address or time begins with a dash: this is the next option, and the value was forgotten.
        if value.utf8.first == UInt8(ascii: "-"), value != "-" {
            throw UsageError(
                "option '\(name)' needs a value before \(value.quoted())",
                hint: "\(name) \(placeholder), or \(name)=\(value.printable) if that is the value"
            )
        }
        index += 1
        return value
    }

    private func unknown(_ name: String) -> UsageError {
        let message = "unknown option \(name.quoted())"
        // '-allow' and '--q' are slips as well: compared without their dashes.
        let words = Dictionary(
            Option.allCases.map { (String($0.rawValue.drop { $0 == "-" }), $0.rawValue) },
            uniquingKeysWith: { first, _ in first }
        )
        let bare = String(name.drop { $0 == "-" })
        let meant =
            Option.usualNames[name] ?? words[bare] ?? bare.nearest(in: words.keys.sorted()).flatMap { words[$0] }
        return UsageError(message, hint: meant.map { "did you mean '\($0)'?" } ?? "egress-run --help lists them all")
    }

    private mutating func apply(_ option: Option, _ value: String) throws(UsageError) {
        if !given.insert(option).inserted, option.isGivenOnce {
            throw UsageError("option '\(option.rawValue)' is given twice", hint: "which of the two is meant?")
        }
        switch option {
        case .allow: options.allow.append(value)
        case .deny: options.deny.append(value)
        case .dns: options.dns.append(value)
        case .device: options.devices.append(value)
        case .policy: options.policyPath = value
        case .audit: options.auditPath = value
        case .auditLimit: options.auditLimit = try auditLimit(of: value)
        case .allowUnix: options.allowUnix.append(value)
        case .allowUnixDatagram:
            guard value == "inside" || value.utf8.contains(UInt8(ascii: "/")) else {
                throw UsageError(
                    "\(value.quoted()) is no path of a unix socket",
                    hint: "--allow-unix-datagram /dev/log, or inside"
                )
            }
            options.allowUnixDatagram.append(value)
        case .allowPrivate: options.allowsPrivate = true
        case .isolation: options.isolation = try isolation(value)
        case .preload: options.usesPreload = true
        case .timeout: options.timeout = try nanoseconds(of: value)
        case .attest: attestation.path = value
        case .attestKey: attestation.keyPath = value
        case .attestNonce: attestation.nonce = value
        case .attestTTL: attestation.lifetime = try lifetime(value)
        case .attestDigest: attestation.digests.append(value)
        case .workerID: attestation.workerID = value
        case .shell: isShell = true
        case .quiet, .verbose: try setVerbosity(option)
        case .help, .version: break
        }
    }

    private mutating func setVerbosity(_ option: Option) throws(UsageError) {
        if given.contains(.quiet), given.contains(.verbose) {
            throw UsageError("options '-q' and '-v' contradict each other")
        }
        options.verbosity = option == .quiet ? .quiet : .verbose
    }

    private func isolation(_ mode: String) throws(UsageError) -> Options.Isolation {
        if let isolation = Options.Isolation(rawValue: mode) { return isolation }
        throw UsageError("unknown isolation \(mode.quoted())", hint: "'netns', the default, or 'preload'")
    }

    /// What only the supervisor can do must not be asked for without it, and then be missing in silence.
    private func checkPreload() throws(UsageError) {
        guard options.isolation == .preload else { return }
        for option in [Option.audit, .dns, .device, .allowUnix, .allowUnixDatagram] where given.contains(option) {
            throw UsageError(
                "option '\(option.rawValue)' can't be had with '--isolation preload'",
                hint: "nothing stands outside the command there that could do it"
            )
        }
    }

    /// Seconds that a statement is valid: up to a week.
    private func lifetime(_ text: String) throws(UsageError) -> Int64 {
        let isNumber = text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard isNumber, let seconds = Int64(text), (1...604_800).contains(seconds) else {
            throw UsageError(
                "the lifetime \(text.quoted()) is not a number of seconds",
                hint: "1 to 604800, which is a week"
            )
        }
        return seconds
    }

    /// An option that belongs to a statement must not be lost in silence because there is none.
    private mutating func takeAttestation() throws(UsageError) {
        if given.contains(.attest) {
            options.attestation = attestation
            return
        }
        for option in [Option.attestKey, .attestNonce, .attestTTL, .attestDigest, .workerID]
        where given.contains(option) {
            throw UsageError("option '\(option.rawValue)' needs '--attest'", hint: "--attest FILE writes the statement")
        }
    }

    private mutating func takeOperands() throws(UsageError) {
        let operands = Array(arguments[index...])
        guard let first = operands.first else {
            if isShell { throw UsageError("option '-c' needs a shell line", hint: "egress-run -c 'shell line'") }
            let example = "egress-run --allow example.com:443 -- curl https://example.com/"
            throw UsageError("no command is given", hint: example)
        }
        options.commandIndex = index
        guard isShell else {
            options.command = .program(operands)
            return
        }
        // For sh the word after the line is $0. An option of ours there was meant for us, and would be lost in silence.
        if operands.count > 1 {
            let name = operands[1].prefix { $0 != "=" }
            if name.count > 2, Option(rawValue: String(name)) != nil {
                throw UsageError("option '\(name)' stands after the shell line", hint: "options go before -c")
            }
        }
        options.command = .shell(line: first, arguments: Array(operands.dropFirst()))
    }
}
