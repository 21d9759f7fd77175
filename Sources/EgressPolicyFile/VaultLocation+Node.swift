// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import EgressText

extension VaultLocation {
    private static let keys = ["file", "key_file", "url", "mount", "namespace", "ca", "token_file"]

    /// Reads the path of a file, or a mapping that describes a file or a server.
    init(_ node: Node) throws(Problem) {
        switch node.content {
        case .scalar:
            self = .file(path: try node.path("'vault'"), keyFile: nil)
        case .mapping: try self.init(mapping: node)
        case .sequence: throw node.wrongKind("'vault'", "the path of a file or a mapping", nil)
        }
    }

    private init(mapping node: Node) throws(Problem) {
        let entries = try node.members("'vault'", keys: Self.keys)
        func entry(_ key: String) -> Node.Entry? { entries.first { $0.key == key } }
        func refuse(_ keys: [String], with other: String) throws(Problem) {
            if let entry = entries.first(where: { keys.contains($0.key) }) {
                throw Problem("'\(entry.key)' has no meaning beside '\(other)'", at: entry.mark)
            }
        }
        if let file = entry("file") {
            try refuse(["url", "mount", "namespace", "ca", "token_file"], with: "file")
            var keyFile: String?
            if let entry = entry("key_file") { keyFile = try entry.value.path("'key_file'") }
            self = .file(path: try file.value.path("'file'"), keyFile: keyFile)
            return
        }
        guard let url = entry("url") else {
            throw Problem(
                "'vault' needs 'file' or 'url'",
                at: node.mark,
                hint: "the path of a vault file, or a server's URL"
            )
        }
        try refuse(["key_file"], with: "url")
        guard let tokenFile = entry("token_file") else {
            let hint = "the absolute path of a file that holds the token"
            throw Problem("a vault server needs 'token_file'", at: node.mark, hint: hint)
        }
        var server = Server(url: try url.value.vaultURL(), tokenFile: try tokenFile.value.path("'token_file'"))
        if let mount = entry("mount") { server.mount = try mount.value.vaultPath("'mount'") }
        if let namespace = entry("namespace") { server.namespace = try namespace.value.vaultPath("'namespace'") }
        if let authority = entry("ca") { server.certificateAuthority = try authority.value.path("'ca'") }
        self = .server(server)
    }
}

extension Node {
    /// The absolute path of a file: what it is relative to could only be guessed.
    fileprivate func path(_ name: String) throws(Problem) -> String {
        let hint = "write an absolute path, such as /etc/egress/vault"
        let path = try text(name, hint: hint)
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.last != UInt8(ascii: "/"), !path.utf8.contains(0) else {
            throw Problem("\(name) is not the path of a file: \(path.quoted())", at: mark, hint: hint)
        }
        return path
    }

    /// Names with slashes between them, as they stand in the paths of the server's API.
    fileprivate func vaultPath(_ name: String) throws(Problem) -> String {
        let path = try text(name)
        let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let isGood = parts.allSatisfy { part in
            let isDots = part.allSatisfy { $0 == UInt8(ascii: ".") }
            return !isDots && part.allSatisfy { $0.isWord || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
        }
        guard isGood, path.utf8.count <= 128 else {
            let message = "\(name) is not a path on the server: \(path.quoted())"
            throw Problem(message, at: mark, hint: "letters, digits, '.', '_' and '-', with '/' between them")
        }
        return path
    }

    fileprivate func vaultURL() throws(Problem) -> String {
        let hint = "such as https://bao.example.com:8200"
        // Not repeated in a message: it may hold credentials.
        let text = try text("'url'", hint: hint)
        guard let url = try? WebURL(Array(text.utf8)), url.scheme == "https" || url.scheme == "http",
            !text.utf8.dropFirst(url.scheme.utf8.count + 3).contains(where: { "/?#".utf8.contains($0) })
        else { throw Problem("'url' is not the URL of a server", at: mark, hint: hint) }
        if url.scheme == "http" {
            guard case .address(let address) = url.host, address.addressClass == .loopback else {
                let hint = "write https: over http the token could be read on the way"
                throw Problem("'url' begins with http", at: mark, hint: hint)
            }
        }
        return text
    }
}

extension UInt8 {
    /// Whether this is a letter or digit of ASCII, or `_`.
    fileprivate var isWord: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
