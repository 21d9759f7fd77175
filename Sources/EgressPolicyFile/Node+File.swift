// SPDX-License-Identifier: Apache-2.0

extension Node {
    /// Reads a file that is written as policies are, and its one value by `body`.
    ///
    /// - Parameters:
    ///   - path: The file; messages name it as it is given.
    ///   - body: Reads the value, and refuses what it does not know.
    /// - Throws: The first thing that is wrong, with its place.
    package static func read<Value>(
        path: String,
        _ body: (Node) throws(Problem) -> Value
    ) throws(PolicyFileError) -> Value {
        do {
            return try body(compose(try fileContents(path, limit: SourceText.maximumSize)))
        } catch {
            throw error.inFile(path)
        }
    }

    /// The one value of a text in YAML or JSON.
    package static func compose(_ bytes: [UInt8]) throws(Problem) -> Node {
        var composer = try Composer(SourceText(checking: bytes))
        return try composer.compose()
    }
}
