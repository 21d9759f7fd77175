// SPDX-License-Identifier: Apache-2.0

/// The process that wanted something, as far as it is known. Its texts are its own choice; they are escaped wherever they
/// are shown.
public struct Caller: Hashable, Sendable {
    /// Its process id as it is inside.
    public var pid: Int32?
    /// Its process id outside.
    public var hostPid: Int32?
    /// The file that it executes.
    public var executable: String?
    /// argv[0]: the name that it goes by.
    public var name: String?

    /// A process.
    public init(pid: Int32? = nil, hostPid: Int32? = nil, executable: String? = nil, name: String? = nil) {
        self.pid = pid
        self.hostPid = hostPid
        self.executable = executable
        self.name = name
    }
}
