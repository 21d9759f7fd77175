// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxSystem

/// The file that execve(2) will be given, and the interpreter that the kernel runs it with if it is a script.
public struct ExecutableMeasurement: Equatable, Sendable {
    /// The file.
    public var file: FileMeasurement
    /// The interpreter in its first line. If that is a script itself, its own is not looked for.
    public var interpreter: FileMeasurement?

    /// Finds the first of some paths that can be executed, as execvp(3) does, and reads it.
    ///
    /// - Parameters:
    ///   - candidates: what `CommandPlan.candidates(for:path:)` gives
    ///   - process: whose root directory and working directory the paths are seen from: a pid, or "self"
    public init(_ candidates: [String], of process: String) throws(MeasurementError) {
        let view = try View(of: process)
        var code = ENOENT
        for path in candidates {
            do throws(SystemError) {
                let found = try view.executable(path)
                self = try Self.read(found, path, view)
                return
            } catch {
                // What could be executed and not be read must not be passed over: the command would be that file.
                guard error.stage == View.notExecutable else { throw .failed(error) }
                if error.code == ENOENT || error.code == ENOTDIR { continue }
                code = error.code
                guard code == EACCES else { break }
            }
        }
        throw .notExecutable(code: code)
    }

    private static func read(
        _ found: borrowing FileDescriptor,
        _ path: String,
        _ view: borrowing View
    ) throws(SystemError) -> ExecutableMeasurement {
        let file = try reopen(found, path)
        let measured = try FileMeasurement(path, file)
        lseek(file.raw, 0, SEEK_SET)
        let head = try file.readAll(limit: 256)  // BINPRM_BUF_SIZE
        guard let interpreter = interpreter(in: head) else { return ExecutableMeasurement(measured, nil) }
        let target = try view.open(interpreter)
        let content = try reopen(target, interpreter)
        return ExecutableMeasurement(measured, try FileMeasurement(interpreter, content))
    }

    private init(_ file: FileMeasurement, _ interpreter: FileMeasurement?) {
        (self.file, self.interpreter) = (file, interpreter)
    }

    private static func reopen(
        _ descriptor: borrowing FileDescriptor,
        _ path: String
    ) throws(SystemError) -> FileDescriptor {
        do {
            return try FileDescriptor.open("/proc/self/fd/\(descriptor.raw)", O_RDONLY | O_NONBLOCK | O_NOCTTY)
        } catch {
            throw SystemError("reading '\(path)'", code: error.code)
        }
    }

    /// The path after "#!" (execve(2)); nil if there is none.
    static func interpreter(in head: [UInt8]) -> String? {
        guard head.starts(with: "#!".utf8) else { return nil }
        let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        let line = head.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") && $0 != 0 }.drop(while: isSpace)
        let path = line.prefix { !isSpace($0) }
        return path.isEmpty ? nil : String(decoding: path, as: UTF8.self)
    }
}

/// Paths as a process sees them.
private struct View: ~Copyable {
    static let notExecutable = "looking for the command"

    private static let pathOnly: Int32 = 0o1000_0000  // O_PATH

    private let root: FileDescriptor
    private let directory: String

    init(of process: String) throws(MeasurementError) {
        let root: FileDescriptor
        do throws(SystemError) {
            root = try FileDescriptor.open("/proc/\(process)/root", Self.pathOnly | O_DIRECTORY)
        } catch {
            throw .failed(error)
        }
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = unsafe readlink("/proc/\(process)/cwd", &buffer, buffer.count - 1)
        guard length > 0 else { throw .failed(SystemError("asking for the command's working directory")) }
        directory = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.root = root
    }

    func open(_ path: String) throws(SystemError) -> FileDescriptor {
        try root.openInRoot(path.hasPrefix("/") ? path : "\(directory)/\(path)")
    }

    /// A regular file that may be executed.
    func executable(_ path: String) throws(SystemError) -> FileDescriptor {
        let file: FileDescriptor
        do {
            file = try open(path)
        } catch {
            throw SystemError(Self.notExecutable, code: error.code)
        }
        var status = stat()
        guard unsafe fstat(file.raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            unsafe access("/proc/self/fd/\(file.raw)", X_OK) == 0
        else { throw SystemError(Self.notExecutable, code: EACCES) }
        return file
    }
}
