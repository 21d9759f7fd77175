// SPDX-License-Identifier: Apache-2.0

internal import CLinux

extension FileDescriptor {
    /// The network namespace that a socket was made in (SIOCGSKNS, Linux 4.9).
    public static func networkNamespace(ofSocket socket: Int32) throws(SystemError) -> FileDescriptor {
        FileDescriptor(
            owning: try retrying("asking for the network namespace of a socket") { egress_socket_namespace(socket) }
        )
    }

    /// Opens (O_PATH) what a path leads to for a process whose root directory is `self`, symbolic links included.
    public borrowing func openInRoot(_ path: String) throws(SystemError) -> FileDescriptor {
        let root = raw
        return FileDescriptor(owning: try retrying("opening '\(path)'") { unsafe egress_open_in_root(root, path) })
    }
}
