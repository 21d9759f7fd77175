// SPDX-License-Identifier: Apache-2.0

import Glibc
public import LinuxSystem

/// The digest of the executable of this process.
///
/// To read all of it takes longer than to start a command, so the digest is kept in a file, with what tells that the
/// executable is still the same: device, inode, size, and the times of its last change, which nobody but the kernel sets.
/// The file is authenticated with the signing key: whoever could forge it could as well sign what they like.
public final class LauncherMeasurement {
    private let path: String
    private let cache: String
    /// What tells that the executable is the one that was read; nil if it was changed too lately to tell.
    private let identity: String?
    /// What the file says of that one; not to be believed without its code.
    private let kept: Kept?
    private let reading: ConcurrentMeasurement?

    private struct Kept {
        let digest: Digest
        let code: [UInt8]
    }

    /// A change within a tick of the clock after the file was read would show the same times.
    private static let settlingSeconds = 2

    /// Looks the executable up, and begins to read it on a thread if it is not known.
    ///
    /// - Parameter cache: the file in which the digest is kept, if it can be written
    public convenience init(cache: String) {
        self.init("/proc/self/exe", cache: cache)
    }

    init(_ path: String, cache: String) {
        (self.path, self.cache) = (path, cache)
        identity = Self.identity(of: path)
        kept = identity.flatMap { Self.kept(in: cache, of: $0) }
        reading = kept == nil ? ConcurrentMeasurement(path) : nil
    }

    /// What was found, once it is.
    public func finish(_ key: borrowing SigningKey) throws(SystemError) -> FileMeasurement {
        if let identity, let kept, key.authenticate(Self.message(identity, kept.digest)) == kept.code {
            return FileMeasurement(path, digest: kept.digest)
        }
        let measured: FileMeasurement
        if let reading { measured = try reading.finish() } else { measured = try FileMeasurement(path) }
        // The same before and after: it was read as it is.
        if let identity, identity == Self.identity(of: path) {
            let code = key.authenticate(Self.message(identity, measured.digest))
            let line = "\(identity) \(measured.digest.hexadecimal) \(Digest(sha256: code).hexadecimal)\n"
            // Without it the next run takes longer, no more.
            try? AtomicFile.write(Array(line.utf8), to: cache, mode: 0o600, existing: .replaced)
        }
        return measured
    }

    private static func message(_ identity: String, _ digest: Digest) -> [UInt8] {
        Array("egress-run launcher\n\(identity) \(digest.hexadecimal)\n".utf8)
    }

    private static func identity(of path: String) -> String? {
        var status = stat()
        var now = timespec()
        guard unsafe stat(path, &status) == 0, unsafe clock_gettime(CLOCK_REALTIME, &now) == 0,
            status.st_ctim.tv_sec < now.tv_sec - settlingSeconds, status.st_mtim.tv_sec < now.tv_sec - settlingSeconds
        else { return nil }
        return "\(status.st_dev) \(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec) "
            + "\(status.st_ctim.tv_sec).\(status.st_ctim.tv_nsec)"
    }

    private static func kept(in cache: String, of identity: String) -> Kept? {
        guard let file = try? FileDescriptor.open(cache, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW),
            let content = try? file.readAll(limit: 1024)
        else { return nil }
        let line = String(decoding: content, as: UTF8.self)
        guard line.hasPrefix(identity + " "), line.hasSuffix("\n") else { return nil }
        let words = line.dropFirst(identity.count + 1).dropLast().split(separator: " ")
        guard words.count == 2, let digest = Digest("sha256:" + words[0]), let code = Digest("sha256:" + words[1])
        else {
            return nil
        }
        return Kept(digest: digest, code: code.bytes)
    }
}
