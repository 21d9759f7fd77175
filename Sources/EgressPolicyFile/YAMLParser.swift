// SPDX-License-Identifier: Apache-2.0

import CYAML

/// libyaml's event interface, as an iterator of Swift values. All unsafe code of this target that reads YAML is here.
///
/// The events carry what was written and where. Composing them into values, resolving types and expanding aliases is
/// what other YAML layers do by themselves and what a policy must not have: see `Composer`.
@safe struct YAMLParser: ~Copyable {
    struct Event {
        var kind: Kind
        var mark: Mark
        /// Whether an anchor (`&name`) stands before the value.
        var hasAnchor = false
        /// Whether a tag (`!name`) stands before the value.
        var hasTag = false
    }

    enum Kind {
        case scalar(Scalar)
        case sequenceStart, sequenceEnd
        case mappingStart, mappingEnd
        case alias
        /// `hasDirectives`: `%TAG` or `%YAML` lines stand before it.
        case documentStart(hasDirectives: Bool)
        case documentEnd
        case streamStart, streamEnd
    }

    // libyaml keeps pointers into the parser and the input, so neither may move.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>

    init(_ source: SourceText) throws(Problem) {
        unsafe parser = .allocate(capacity: 1)
        unsafe input = .allocate(capacity: source.bytes.count)
        _ = unsafe input.initialize(from: source.bytes)
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            // Nothing was set up that yaml_parser_delete would have to free, so the memory alone is given back.
            unsafe parser.deallocate()
            unsafe input.deallocate()
            throw Problem("not enough memory to read the file")
        }
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, input.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// The next event. After `streamEnd` there is none to ask for.
    mutating func next() throws(SyntaxError) -> Event {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw syntaxError() }
        defer { unsafe yaml_event_delete(&event) }
        return try unsafe Self.read(event)
    }

    private func syntaxError() -> SyntaxError {
        let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) }
        let context = unsafe parser.pointee.context.map { unsafe String(cString: $0) }
        return unsafe SyntaxError(
            problem: problem ?? "it cannot be read",
            context: context ?? "",
            contextMark: Mark(parser.pointee.context_mark),
            mark: Mark(parser.pointee.problem_mark)
        )
    }

    private static func read(_ event: yaml_event_t) throws(SyntaxError) -> Event {
        let mark = unsafe Mark(event.start_mark)
        switch unsafe event.type {
        case YAML_SCALAR_EVENT:
            let data = unsafe event.data.scalar
            let text = unsafe String(
                decoding: UnsafeBufferPointer(start: data.value, count: data.length),
                as: UTF8.self
            )
            let scalar = unsafe Scalar(text: text, isPlain: data.style == YAML_PLAIN_SCALAR_STYLE)
            return unsafe Event(
                kind: .scalar(scalar),
                mark: mark,
                hasAnchor: data.anchor != nil,
                hasTag: data.tag != nil
            )
        case YAML_SEQUENCE_START_EVENT:
            let data = unsafe event.data.sequence_start
            return unsafe Event(
                kind: .sequenceStart,
                mark: mark,
                hasAnchor: data.anchor != nil,
                hasTag: data.tag != nil
            )
        case YAML_MAPPING_START_EVENT:
            let data = unsafe event.data.mapping_start
            return unsafe Event(kind: .mappingStart, mark: mark, hasAnchor: data.anchor != nil, hasTag: data.tag != nil)
        case YAML_DOCUMENT_START_EVENT:
            let data = unsafe event.data.document_start
            let hasDirectives =
                unsafe data.version_directive != nil
                || data.tag_directives.start != data.tag_directives.end
            return Event(kind: .documentStart(hasDirectives: hasDirectives), mark: mark)
        case YAML_SEQUENCE_END_EVENT: return Event(kind: .sequenceEnd, mark: mark)
        case YAML_MAPPING_END_EVENT: return Event(kind: .mappingEnd, mark: mark)
        case YAML_ALIAS_EVENT: return Event(kind: .alias, mark: mark)
        case YAML_DOCUMENT_END_EVENT: return Event(kind: .documentEnd, mark: mark)
        case YAML_STREAM_START_EVENT: return Event(kind: .streamStart, mark: mark)
        case YAML_STREAM_END_EVENT: return Event(kind: .streamEnd, mark: mark)
        default: throw SyntaxError(problem: "it holds something unknown", context: "", contextMark: mark, mark: mark)
        }
    }
}

/// What libyaml says is wrong with the text.
struct SyntaxError: Error {
    /// For example "mapping values are not allowed in this context".
    var problem: String
    /// For example "while scanning an alias".
    var context: String
    /// Where that began; the first place of the file when there is no context.
    var contextMark: Mark
    var mark: Mark
}

extension Mark {
    fileprivate init(_ mark: yaml_mark_t) {
        // Both are below the size of the file.
        self.init(line: Int(clamping: mark.line) + 1, column: Int(clamping: mark.column) + 1)
    }
}
