// SPDX-License-Identifier: Apache-2.0

import CEgressABI
import EgressPolicy
import EgressPolicyFile

/// Why no policy was opened.
struct OpenError: Error {
    var code: Ruling.Refusal
    var message: String

    init(_ code: Ruling.Refusal, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension Engine {
    /// Opens what the options name; all of it, or nothing.
    convenience init(_ options: UnsafePointer<egress_options>?) throws(OpenError) {
        guard let options = unsafe options else { throw OpenError(.invalidArgument, "no options are given") }
        try unsafe Self.checkSize(options)
        let flags = unsafe OpenFlags(rawValue: options.pointee.flags)
        guard flags.isSubset(of: .known), unsafe options.pointee.reserved == 0 else {
            throw OpenError(.invalidArgument, "the options have a flag that this version does not know")
        }
        let source = unsafe options.pointee
        let path = try unsafe Self.text(source.path, source.path_length, limit: 4096, "path")
        let text = try unsafe Self.text(source.text, source.text_length, limit: Text.rulesLimit, "text")
        let allow = try unsafe Self.text(source.allow, source.allow_length, limit: Text.rulesLimit, "allow")
        let deny = try unsafe Self.text(source.deny, source.deny_length, limit: Text.rulesLimit, "deny")

        var documents: [PolicyDocument] = []
        do {
            if let path { documents.append(try PolicyDocument.load(path: path.string)) }
            if let text { documents.append(try PolicyDocument.parse(text.bytes, name: "policy")) }
        } catch {
            throw OpenError(.invalidPolicy, error.description)
        }
        self.init(
            policy: Policy(
                allow: documents.flatMap(\.allow) + (try Self.rules(allow, .allow)),
                deny: documents.flatMap(\.deny) + (try Self.rules(deny, .deny)),
                allowPrivate: flags.contains(.allowPrivate) || documents.contains(where: \.allowPrivate)
            ),
            recordTypes: Set(documents.flatMap(\.recordTypes)),
            flags: flags
        )
    }

    /// A caller that was compiled with a later header may set what is not known here, and must not think it was heard.
    private static func checkSize(_ options: UnsafePointer<egress_options>) throws(OpenError) {
        let known = unsafe MemoryLayout<egress_options>.size
        let size = unsafe Int(exactly: options.pointee.struct_size) ?? .max
        guard (known...4096).contains(size) else {
            throw OpenError(.invalidArgument, "struct_size of the options is not set, or is that of no version")
        }
        let all = unsafe UnsafeRawBufferPointer(start: options, count: size)
        guard unsafe all[known...].allSatisfy({ $0 == 0 }) else {
            throw OpenError(.invalidArgument, "the options have a field that this version does not know")
        }
    }

    private static func text(
        _ start: UnsafePointer<CChar>?,
        _ length: Int,
        limit: Int,
        _ name: String
    ) throws(OpenError) -> Text? {
        guard let text = unsafe Text(start, length, limit: limit) else {
            throw OpenError(.invalidArgument, "'\(name)' is null or too long")
        }
        return unsafe start == nil ? nil : text
    }

    private static func rules(_ text: Text?, _ list: Rule.List) throws(OpenError) -> [Rule] {
        var rules: [Rule] = []
        for word in text?.bytes.split(whereSeparator: { $0 == 0x20 || (0x09...0x0d).contains($0) }) ?? [] {
            do {
                rules.append(try Rule.parse(String(decoding: word, as: UTF8.self), for: list))
            } catch {
                throw OpenError(.invalidPolicy, "\(list == .allow ? "allow" : "deny"): \(error)")
            }
        }
        return rules
    }
}
