// SPDX-License-Identifier: Apache-2.0

import EgressText

extension PolicyDocument {
    /// Reads the list under `unix`: paths, or mappings with a path and a type.
    mutating func readUnixSockets(_ node: Node) throws(Problem) {
        for item in try node.items("'unix'") {
            guard case .mapping = item.content else {
                unixPaths.append(try Self.socketPath(item))
                continue
            }
            var path: Node?
            var isDatagram = false
            for entry in try item.members("a unix socket", keys: ["path", "type"]) {
                if entry.key == "path" { path = entry.value } else { isDatagram = try Self.isDatagram(entry.value) }
            }
            guard let path else {
                throw Problem("a unix socket needs 'path'", at: item.mark, hint: "write 'path: /dev/log'")
            }
            if isDatagram { unixDatagrams = true }
            // Those of the command itself need no path.
            if isDatagram, try path.text("'path'") == "inside" { continue }
            unixPaths.append(try Self.socketPath(path))
        }
    }

    private static func isDatagram(_ node: Node) throws(Problem) -> Bool {
        let text = try node.text("'type'", hint: "stream or datagram")
        guard let isDatagram = ["stream": false, "datagram": true][text] else {
            let meant = text.nearest(in: ["stream", "datagram"]).map { "did you mean '\($0)'?" }
            throw Problem("unknown type \(text.quoted())", at: node.mark, hint: meant ?? "stream or datagram")
        }
        return isDatagram
    }

    private static func socketPath(_ node: Node) throws(Problem) -> String {
        let path = try node.text("a unix socket", hint: "its absolute path")
        guard path.utf8.first == UInt8(ascii: "/"), !path.utf8.contains(0) else {
            throw Problem(
                "\(path.quoted()) is not the path of a unix socket",
                at: node.mark,
                hint: "write its absolute path, such as /run/postgresql/.s.PGSQL.5432"
            )
        }
        // unix(7): sun_path holds 108 bytes, the last of them NUL.
        guard path.utf8.count <= 107 else {
            throw Problem("\(path.quoted()) is too long for a unix socket", at: node.mark, hint: "at most 107 bytes")
        }
        return path
    }
}
