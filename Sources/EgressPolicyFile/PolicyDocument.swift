// SPDX-License-Identifier: Apache-2.0

public import EgressDNS
public import EgressPolicy

/// What a policy file says, every value checked.
///
/// A file is YAML, or JSON, which is YAML as well. It is taken whole or not at all.
public struct PolicyDocument: Hashable, Sendable {
    /// The rules under `allow`, in order.
    public var allow: [Rule] = []
    /// The rules under `deny`, in order.
    public var deny: [Rule] = []
    /// Whether names may resolve to private space, under `allow_private`.
    public var allowPrivate = false
    /// The upstream DNS servers, under `dns: {upstream: [...]}`.
    public var upstream: [ServerAddress] = []
    /// The types of DNS records that are answered beside addresses, under `dns: {types: [...]}`.
    public var recordTypes: [RecordType] = []
    /// The absolute paths of unix sockets outside, under `unix`.
    public var unixPaths: [String] = []
    /// Whether unix datagram sockets may be made, as an entry of `unix` with `type: datagram` says.
    public var unixDatagrams = false
    /// Where requests get their credentials from, under `vault`. Running a command needs none.
    public var vault: VaultLocation?

    /// A document that says nothing, and so allows nothing.
    public init() {}

    /// Reads the file at a path.
    ///
    /// - Parameter path: The file; messages name it as it is given.
    /// - Throws: The first thing that is wrong, with its place.
    public static func load(path: String) throws(PolicyFileError) -> PolicyDocument {
        let bytes: [UInt8]
        do {
            bytes = try fileContents(path, limit: SourceText.maximumSize)
        } catch {
            throw error.inFile(path)
        }
        return try parse(bytes, name: path)
    }

    /// Reads a document from memory.
    ///
    /// - Parameters:
    ///   - bytes: YAML or JSON in UTF-8.
    ///   - name: What messages call the file.
    /// - Throws: The first thing that is wrong, with its place.
    public static func parse(_ bytes: [UInt8], name: String) throws(PolicyFileError) -> PolicyDocument {
        do {
            var composer = try Composer(SourceText(checking: bytes))
            return try PolicyDocument(try composer.compose())
        } catch {
            throw error.inFile(name)
        }
    }
}
