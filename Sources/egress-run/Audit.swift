// SPDX-License-Identifier: Apache-2.0

import EgressSandbox
import Glibc
import LinuxSystem

/// Where the audit goes, opened before the command is isolated.
struct Audit {
    /// The descriptor to write to; nil without an audit. It stays open as long as the process lives.
    let descriptor: Int32?
    /// The file, which the command must not see.
    let hidden: [HiddenFile]

    init(_ path: String?) throws(Failure) {
        guard let path else {
            (descriptor, hidden) = (nil, [])
            return
        }
        if path == "-" {
            (descriptor, hidden) = (Self.neverWaiting(STDERR_FILENO), [])
            return
        }
        do {
            let file = try FileDescriptor.open(path, O_WRONLY | O_APPEND | O_CREAT, mode: 0o600)
            if let number = Self.standardDescriptor(of: file.raw) {
                throw Failure(
                    "--audit: '\(path)' is descriptor \(number) as well, which the command can write to (give another file)"
                )
            }
            hidden = try [HiddenFile(of: file.raw)].compactMap(\.self)
            descriptor = Self.neverWaiting(file.release())
        } catch let failure as Failure {
            throw failure
        } catch let error as HiddenFile.Unhidable {
            throw Failure("--audit: '\(path)': \(error)")
        } catch {
            throw Failure("--audit: \(error)")
        }
    }

    /// The standard descriptor that leads to the same regular file, if one does.
    private static func standardDescriptor(of descriptor: Int32) -> Int32? {
        guard let own = FileIdentity(of: descriptor), let kind = DescriptorKind(of: descriptor), kind.type == S_IFREG
        else {
            return nil
        }
        return (0...2 as ClosedRange<Int32>).first { FileIdentity(of: $0) == own }
    }

    /// What doesn't read must not hold the supervisor up: neither time-outs nor signals would be seen.
    private static func neverWaiting(_ number: Int32) -> Int32 {
        FileDescriptor.neverWaiting(on: number)?.release() ?? number
    }
}
