// SPDX-License-Identifier: Apache-2.0

import EgressText

/// Builds the one value of a policy file out of its events.
///
/// What lets a text mean something else than it seems to is refused: anchors and aliases (which also let 1 KiB
/// expand to gigabytes), tags, merge keys, duplicate keys, directives, and a second document.
struct Composer: ~Copyable {
    /// The deepest a policy goes is 4: the file, `allow`, a rule, its `ports`.
    static let maximumDepth = 8

    static let emptyFile = Problem("the file is empty", hint: "a policy that allows nothing is 'version: 1'")

    private var parser: YAMLParser
    private let source: SourceText

    init(_ source: SourceText) throws(Problem) {
        self.source = source
        parser = try YAMLParser(source)
    }

    /// The value of the file.
    mutating func compose() throws(Problem) -> Node {
        _ = try next()  // The start of the stream.
        let start = try next()
        guard case .documentStart(let hasDirectives) = start.kind else {
            throw Self.emptyFile
        }
        if hasDirectives { throw Problem("directives ('%') are not read", at: start.mark) }
        let root = try node(from: try next(), depth: 1)
        _ = try next()  // The end of the document.
        let end = try next()
        guard case .streamEnd = end.kind else {
            throw Problem(
                "a second document begins here",
                at: end.mark,
                hint: "a policy file holds one; remove the '---'"
            )
        }
        return root
    }

    private mutating func node(from event: YAMLParser.Event, depth: Int) throws(Problem) -> Node {
        if event.hasAnchor {
            throw Problem(
                "anchors ('&') are not read",
                at: event.mark,
                hint: "write the value in each place, or quote it"
            )
        }
        if event.hasTag {
            throw Problem("tags ('!') are not read", at: event.mark, hint: "write the value without it, or quote it")
        }
        guard depth <= Self.maximumDepth else { throw Problem("the values are nested too deeply", at: event.mark) }
        switch event.kind {
        case .scalar(let scalar): return Node(mark: event.mark, content: .scalar(scalar))
        case .sequenceStart: return try sequence(at: event.mark, depth: depth)
        case .mappingStart: return try mapping(at: event.mark, depth: depth)
        case .alias: throw Problem("aliases ('*') are not read", at: event.mark, hint: SyntaxError.quotePattern)
        default: throw Problem("a value is missing", at: event.mark)
        }
    }

    private mutating func sequence(at mark: Mark, depth: Int) throws(Problem) -> Node {
        var items: [Node] = []
        while true {
            let event = try next()
            if case .sequenceEnd = event.kind { return Node(mark: mark, content: .sequence(items)) }
            items.append(try node(from: event, depth: depth + 1))
        }
    }

    private mutating func mapping(at mark: Mark, depth: Int) throws(Problem) -> Node {
        var entries: [Node.Entry] = []
        var lines: [String: Int] = [:]
        while true {
            let event = try next()
            if case .mappingEnd = event.kind { return Node(mark: mark, content: .mapping(entries)) }
            let key = try self.key(from: event, depth: depth)
            if let line = lines.updateValue(event.mark.line, forKey: key) {
                throw Problem("the key \(key.quoted()) is given twice", at: event.mark, hint: "first on line \(line)")
            }
            let value = try node(from: try next(), depth: depth + 1)
            entries.append(Node.Entry(key: key, mark: event.mark, value: value))
        }
    }

    private mutating func key(from event: YAMLParser.Event, depth: Int) throws(Problem) -> String {
        let node = try node(from: event, depth: depth + 1)
        guard case .scalar(let scalar) = node.content, scalar.kind == .text else {
            throw Problem("a key must be text, not \(node.kind)", at: node.mark)
        }
        if scalar.isPlain, scalar.text == "<<" {
            throw Problem("merge keys ('<<') are not read", at: node.mark, hint: "write the values in each place")
        }
        return scalar.text
    }

    private mutating func next() throws(Problem) -> YAMLParser.Event {
        do {
            return try parser.next()
        } catch {
            throw error.explained(in: source)
        }
    }
}
