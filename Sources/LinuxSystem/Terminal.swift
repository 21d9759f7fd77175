// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// Asks a person, on the terminal of the process, whatever its standard streams are.
public enum Terminal {
    /// Writes a prompt and reads one line that is not shown as it is typed.
    ///
    /// - Parameters:
    ///   - prompt: what to ask for, with the space that follows it
    ///   - buffer: receives the line without its end
    /// - Returns: the length of the line
    /// - Throws: ENXIO without a terminal; E2BIG if the line is longer than a terminal takes, 4095 bytes
    public static func readHidden(
        _ prompt: String,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Int {
        guard let base = buffer.baseAddress else { return 0 }
        return try retrying("asking on the terminal") { unsafe egress_read_hidden(prompt, base, buffer.count) }
    }
}

/// Keeps the memory of this process from core dumps, debuggers and other processes of its user (PR_SET_DUMPABLE of prctl(2)).
public func hideMemory() throws(SystemError) {
    _ = try retrying("hiding the memory of the process") { egress_hide_memory() }
}
