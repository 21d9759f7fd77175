// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// One connect(2) that waits, with a copy of its arguments.
public struct ConnectNotice: Sendable {
    /// What to answer to.
    public let id: UInt64
    /// The calling thread, in our pid namespace.
    public let task: Int32
    /// The descriptor's number in the caller.
    public let number: Int32
    /// The address, as long as the caller said, if it could be read.
    public let address: [UInt8]
    /// Why it could not be read: EINVAL or EFAULT as connect(2) has them; other values mean that reading is refused.
    public let readError: Int32
    /// What the path of a unix socket leads to (O_PATH); to be closed by whoever takes the notice.
    public let path: Int32?
    /// Why the path leads nowhere; nil if the address is none with a path.
    public let pathError: Int32?
    /// With whose rights the path was found, and is to be connected.
    public let rights: FileRights
    /// Who calls; nil if that was not looked at.
    public let caller: TaskIdentity?
}

extension ConnectNotice {
    init(_ raw: egress_notice, path: Int32) {
        let length = raw.error == 0 ? Int(raw.length) : 0
        self.init(
            id: raw.id,
            task: Int32(bitPattern: raw.task),
            number: raw.descriptor,
            address: unsafe withUnsafeBytes(of: raw.address) { unsafe Array($0.prefix(length)) },
            readError: raw.error,
            path: path < 0 ? nil : path,
            pathError: raw.path_error < 0 ? nil : raw.path_error,
            rights: FileRights(raw: raw.identity),
            caller: TaskIdentity(raw)
        )
    }
}

/// What a process is called by itself and by the kernel.
public struct TaskIdentity: Sendable, Equatable {
    /// Its id in our pid namespace, and in its own; nil if they can't be told.
    public let process, innerProcess: Int32?
    /// What it executes; nil if that can't be told.
    public let executable: String?
    /// Its argv[0].
    public let name: String?

    /// What /proc says of a thread without looking into its memory, where its argv[0] lies.
    public init(of task: Int32) {
        let status = TaskStatus(of: task)
        (process, innerProcess) = (status?.process, status?.innerProcess)
        executable = linkTarget("/proc/\(task)/exe")
        name = nil
    }

    fileprivate init?(_ raw: egress_notice) {
        guard raw.process != 0 || raw.executable.0 != 0 else { return nil }
        process = Int32(exactly: raw.process).flatMap { $0 > 0 ? $0 : nil }
        innerProcess = Int32(exactly: raw.inner_process).flatMap { $0 > 0 ? $0 : nil }
        executable = unsafe withUnsafeBytes(of: raw.executable) { unsafe Self.text($0) }
        name = unsafe withUnsafeBytes(of: raw.name) { unsafe Self.text($0) }
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String? {
        let content = unsafe bytes.prefix { $0 != 0 }
        return unsafe content.isEmpty ? nil : String(decoding: content, as: UTF8.self)
    }
}

/// A process that reads what notified callers point to where that can take for ever; see `CShim/linux/look.c`.
@safe public final class NoticeReader {
    /// How long it may be in one caller's memory, in nanoseconds.
    public static let patience: UInt64 = 100_000_000

    /// Readable when a notice waits, or the reader is gone.
    public let channel: FileDescriptor
    /// Readable when the reader may have been in someone's memory for too long.
    public let timer: FileDescriptor
    private let mailbox: OpaquePointer
    private let pid: Int32

    /// Starts a reader.
    ///
    /// - Parameter identifies: whether it looks at who calls, too
    public init(identifies: Bool) throws(SystemError) {
        let (ours, theirs) = try FileDescriptor.socketPair(type: Socket.sequencedPacket)
        channel = FileDescriptor(owning: ours)
        let far = FileDescriptor(owning: theirs)
        timer = FileDescriptor(owning: try retrying("making a timer") { egress_timer_make() })
        guard let memory = unsafe egress_mailbox_make() else { throw SystemError("making shared memory") }
        unsafe mailbox = memory
        pid = unsafe egress_reader_start(far.raw, timer.raw, Self.patience, identifies ? 1 : 0, memory)
        if pid < 0 {
            let error = SystemError("starting a reader of notifications")
            unsafe egress_mailbox_free(memory)
            throw error
        }
    }

    /// Kills the reader. A page that never comes can keep it from ending, so nothing waits for it.
    deinit {
        kill(pid, SIGKILL)
        unsafe egress_mailbox_free(mailbox)
        var status: Int32 = 0
        _ = unsafe waitpid(pid, &status, WNOHANG)
    }

    /// Has a call looked at; false if it has too much to do, or is gone.
    public func ask(_ call: UnreadCall) -> Bool {
        let raw = call.raw
        let sent = unsafe withUnsafeBytes(of: raw) { unsafe Socket.send(channel.raw, $0) }
        guard case .bytes = sent else { return false }
        return true
    }

    /// What a call to `next` gives.
    public enum Message: Sendable {
        /// A call.
        case notice(ConnectNotice)
        /// Nothing now.
        case none
        /// The reader is gone.
        case end
    }

    /// The next notice, without waiting.
    public func next() -> Message {
        var raw = egress_notice()
        var descriptor: Int32 = -1
        switch unsafe egress_notice_receive(channel.raw, &raw, &descriptor) {
        case 1: return .notice(ConnectNotice(raw, path: descriptor))
        case 0: return .end
        default: return errno == EAGAIN || errno == EINTR ? .none : .end
        }
    }

    /// The thread in whose memory the reader is, if there is an overdue call.
    public var task: Int32 { unsafe Int32(bitPattern: egress_mailbox_task(mailbox)) }

    /// The call in whose memory the reader has been for `age` nanoseconds or longer.
    public func overdue(_ age: UInt64 = NoticeReader.patience) -> UInt64? {
        let id = unsafe egress_mailbox_overdue(mailbox, age)
        return id == 0 ? nil : id
    }
}
