// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// One connect(2) or bind(2) that waits, with a copy of its arguments.
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
    /// What is known of the file that the path leads to.
    public let file: SocketFile
    /// Of what a `NoticeReader` performed: 0 or an errno value.
    public let result: Int32
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
            file: SocketFile(raw),
            result: raw.result,
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
        executable = Self.executable(of: task)
        name = nil
    }

    private static func executable(of task: Int32) -> String? {
        var buffer = [CChar](repeating: 0, count: 256)
        let count = unsafe egress_task_link(UInt32(bitPattern: task), "exe", &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
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

/// A process that does what can take for ever: it reads what notified callers point to, and performs calls of unix sockets
/// that make or ask for a name. See `CShim/linux/look.c`.
@safe public final class NoticeReader {
    /// How long it may be in one caller's memory, and how long a file system may keep it, in nanoseconds.
    public static let patience: UInt64 = 100_000_000, patienceWithFiles: UInt64 = 1_000_000_000
    /// Readable when a notice waits, or the reader is gone.
    public let channel: FileDescriptor
    /// Readable when the reader may have been busy for too long.
    public let timer: FileDescriptor
    private let mailbox: OpaquePointer
    /// Its process, to be reaped once it has ended.
    public let pid: Int32

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
        let patience = egress_patience(memory: Self.patience, files: Self.patienceWithFiles)
        pid = unsafe egress_reader_start(far.raw, timer.raw, patience, identifies ? 1 : 0, memory)
        if pid < 0 {
            let error = SystemError("starting a reader of notifications")
            unsafe egress_mailbox_free(memory)
            throw error
        }
    }

    /// Kills the reader. A page that never comes can keep it from ending, so nothing waits for it: `pid` is reaped later.
    deinit {
        kill(pid, SIGKILL)
        unsafe egress_mailbox_free(mailbox)
    }

    /// What it can be asked to do.
    public enum Task: Sendable {
        /// To look at what the call points to.
        case look
        /// The same, then bind(2) this socket to the address, as the caller would.
        case bind(socket: Int32)
        /// connect(2) this socket to what the path's descriptor leads to, without waiting for room.
        case connect(socket: Int32, path: Int32, rights: FileRights)
        /// To keep the file of this descriptor as one that was bound inside (`FileSets`).
        case keep(file: Int32)
    }

    /// Has something done for a call; false if it has too much to do, or is gone. The descriptors stay the caller's.
    public func ask(_ task: Task, for call: UnreadCall) -> Bool {
        var raw = egress_task()
        raw.call = call.raw
        var (first, second): (Int32, Int32) = (-1, -1)
        switch task {
        case .look: raw.kind = EGRESS_TASK_LOOK.rawValue
        case .bind(let socket): (raw.kind, first) = (EGRESS_TASK_BIND.rawValue, socket)
        case .connect(let socket, let path, let rights):
            (raw.kind, first, second) = (EGRESS_TASK_CONNECT.rawValue, socket, path)
            raw.identity = rights.raw
        case .keep(let file): (raw.kind, first) = (EGRESS_TASK_KEEP.rawValue, file)
        }
        return unsafe egress_reader_ask(channel.raw, &raw, first, second) == 0
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

    /// The thread that the reader is busy for.
    public var task: Int32 { unsafe Int32(bitPattern: egress_mailbox_task(mailbox)) }

    /// The call that the reader should be done with by now.
    public var overdue: UInt64? {
        let id = unsafe egress_mailbox_overdue(mailbox)
        return id == 0 ? nil : id
    }

    /// The call that the reader is busy with.
    public var current: UInt64? {
        let id = unsafe egress_mailbox_id(mailbox)
        return id == 0 ? nil : id
    }
}
