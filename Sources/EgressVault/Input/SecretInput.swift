// SPDX-License-Identifier: Apache-2.0

public import EgressRequests
import Glibc
import LinuxSystem

/// Reads values and passphrases: never from arguments or the environment, which other processes can read.
public enum SecretInput {
    /// Everything that a descriptor gives, a pipe for instance. One line end after it (LF or CRLF) is not part of it.
    ///
    /// - Throws: ``VaultError/emptyValue`` and ``VaultError/valueTooLong``, or what the system says
    public static func read(from descriptor: Int32) throws(VaultError) -> Secret {
        let limit = VaultContent.maximumValue + 2
        var bytes = WipedBytes(capacity: 4096)
        while bytes.count <= limit {
            let count = bytes.read(from: descriptor, limit: min(64 << 10, limit + 1 - bytes.count))
            if count == 0 { break }
            if count < 0, errno != EINTR { throw .system(SystemError("reading descriptor \(descriptor)")) }
        }
        return try secret(bytes)
    }

    /// The content of a file that is the caller's alone, without one line end after it.
    public static func read(fromFile path: String) throws(VaultError) -> Secret {
        let directory = try PrivateDirectory(of: path)
        guard let bytes = try directory.read(directory.name, limit: VaultContent.maximumValue + 2) else {
            throw .system(SystemError("opening '\(path)'", code: ENOENT))
        }
        return try secret(bytes)
    }

    /// A line from the terminal, which does not show it.
    ///
    /// - Throws: ``VaultError/noTerminal`` if there is none to ask on
    public static func ask(_ prompt: String) throws(VaultError) -> Secret {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 4097, alignment: 16)
        defer {
            unsafe WipedBytes.overwrite(room)
            unsafe room.deallocate()
        }
        let count: Int
        do {
            count = try unsafe Terminal.readHidden(prompt, into: room)
        } catch {
            switch error.code {
            case ENXIO, ENOENT: throw .noTerminal
            case E2BIG: throw .tooLongForTerminal
            default: throw .system(error)
            }
        }
        guard count > 0 else { throw .emptyValue }
        return unsafe Secret(copying: Span(_unsafeBytes: UnsafeRawBufferPointer(rebasing: room[..<count])))
    }

    private static func secret(_ bytes: consuming WipedBytes) throws(VaultError) -> Secret {
        let end = unsafe bytes.withBytes { bytes in
            guard unsafe bytes.last == UInt8(ascii: "\n") else { return 0 }
            return unsafe bytes.dropLast().last == UInt8(ascii: "\r") ? 2 : 1
        }
        bytes.removeLast(end)
        guard !bytes.isEmpty else { throw .emptyValue }
        guard bytes.count <= VaultContent.maximumValue else { throw .valueTooLong }
        return unsafe bytes.withBytes { unsafe Secret(copying: Span(_unsafeBytes: $0)) }
    }
}
