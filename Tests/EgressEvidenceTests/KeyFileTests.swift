// SPDX-License-Identifier: Apache-2.0

import EgressEvidence
import Glibc
import LinuxSystem
import TestSupport
import Testing

private let pem = """
    -----BEGIN PRIVATE KEY-----
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
    -----END PRIVATE KEY-----

    """

struct KeyFileTests {
    private let folder = Folder()

    private func refusal(_ path: String) -> SigningKeyFile.Refusal? {
        do throws(SigningKeyFile.Refusal) {
            _ = try SigningKeyFile(path).key()
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [0o600, 0o400] as [UInt32])
    func `a key that only its owner may read is taken`(_ mode: UInt32) {
        #expect(refusal(folder.write("key", pem, mode: mode)) == nil)
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o602, 0o644, 0o610, 0o601] as [UInt32])
    func `a key that is open to others in any way is refused`(_ mode: UInt32) {
        let path = folder.write("key", pem, mode: mode)
        #expect(refusal(path) == .openToOthers(path, mode: mode))
    }

    @Test(.enabled(if: getuid() == 0, "needs a test run by root"))
    func `a key of another user is refused`() {
        let path = folder.write("key", pem)
        unsafe chown(path, 1000, 0)
        #expect(refusal(path) == .foreignOwner(path, user: 1000))
    }

    @Test func `what is no file is refused at once`() {
        #expect(refusal(folder.path) == .notAFile(folder.path))
        let fifo = folder.path + "/fifo"
        unsafe mkfifo(fifo, 0o600)
        #expect(refusal(fifo) == .notAFile(fifo))
        #expect(refusal("/dev/null") == .notAFile("/dev/null"))
    }

    @Test func `a missing key is said to be made by keygen`() {
        let message = refusal(folder.path + "/none")?.description ?? ""
        #expect(message.contains("No such file"))
        #expect(message.contains("egress attest keygen"))
    }

    @Test func `a file without a key is refused`() {
        let path = folder.write("key", pem.replacing("PRIVATE", with: "PUBLIC"))
        #expect(refusal(path) == .noKey(path))
    }

    @Test func `a file that is written is whole, and has its mode whatever the umask`() throws {
        let path = folder.write("file", "old", mode: 0o644)
        try AtomicFile.write(Array("new".utf8), to: path, mode: 0o600, existing: .replaced)
        #expect(text(of: path) == "new")
        var status = stat()
        #expect(unsafe stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(folder.names == ["file"])
    }

    @Test func `a file that is to be left is left`() throws {
        let path = folder.write("file", "old")
        #expect(throws: SystemError("writing '\(path)'", code: EEXIST)) {
            try AtomicFile.write(Array("new".utf8), to: path, mode: 0o600, existing: .left)
        }
        #expect(text(of: path) == "old")
        #expect(folder.names == ["file"])
        try AtomicFile.write(Array("new".utf8), to: path + "2", mode: 0o600, existing: .left)
        #expect(folder.names == ["file", "file2"])
    }
}
