// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What a command left behind.
public struct Outcome: Sendable, CustomStringConvertible {
    /// The exit status, or 128 + N when signal N ended the command.
    public var status: Int32
    /// What it wrote.
    public var standardOutput: String
    /// What it complained about.
    public var standardError: String
    /// How long it took.
    public var seconds: Double

    /// True for status 0.
    public var succeeded: Bool { status == 0 }

    /// Everything a failed expectation should show.
    public var description: String {
        "status \(status) after \(seconds) s\nstdout: \(standardOutput.prefix(2000))\nstderr: \(standardError.prefix(4000))"
    }
}

/// Why no command could be run at all.
public struct SupportError: Error, CustomStringConvertible {
    /// The sentence.
    public var description: String

    /// An error with a sentence that says what to do.
    public init(_ description: String) { self.description = description }
}

/// Runs commands with their streams in files, so that no amount of output can block anything.
public enum Subprocess {
    /// Starts a command and returns its pid. `input` becomes its standard input.
    public static func start(
        _ arguments: [String],
        environment: [String],
        input: Int32,
        output: Int32,
        error: Int32
    ) throws -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in [input, output, error].enumerated() {
            unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        // A thread of a test blocks signals and a test process ignores some: a command must inherit neither.
        var attributes = posix_spawnattr_t()
        var none = sigset_t(), all = sigset_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var argv = unsafe arguments.map { unsafe strdup($0) } + [nil]
        var envp = unsafe environment.map { unsafe strdup($0) } + [nil]
        defer { unsafe (argv + envp).forEach { unsafe free($0) } }
        var pid: pid_t = 0
        let code = unsafe posix_spawnp(&pid, arguments[0], &actions, &attributes, &argv, &envp)
        guard code == 0 else {
            throw SupportError("cannot run \(arguments.first ?? "nothing"): \(unsafe String(cString: strerror(code)))")
        }
        return pid
    }

    /// Waits for a process; returns its status as a shell would.
    static func wait(_ pid: pid_t) -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }

    /// Runs a command to its end, with these bytes as its standard input.
    public static func run(_ arguments: [String], environment: [String], input: [UInt8] = []) throws -> Outcome {
        let streams = try [temporaryFile(input), temporaryFile(), temporaryFile()]
        defer { for stream in streams { close(stream) } }
        let began = seconds()
        let pid = try start(
            arguments,
            environment: environment,
            input: streams[0],
            output: streams[1],
            error: streams[2]
        )
        let status = wait(pid)
        let duration = seconds() - began
        return Outcome(
            status: status,
            standardOutput: String(decoding: rewound(streams[1]), as: UTF8.self),
            standardError: String(decoding: rewound(streams[2]), as: UTF8.self),
            seconds: duration
        )
    }

    /// O_TMPFILE, which Glibc's module shows only to C that asks for GNU extensions.
    private static let anonymousFile: Int32 = 0o20_000_000 | O_DIRECTORY

    /// A file without a name that holds the given bytes.
    private static func temporaryFile(_ bytes: [UInt8] = []) throws -> Int32 {
        let descriptor = unsafe open("/tmp", anonymousFile | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SupportError("cannot make a file in /tmp") }
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe write(descriptor, $0.baseAddress.map { unsafe $0 + written }, $0.count - written)
            }
            guard count > 0 else { throw SupportError("cannot write to /tmp") }
            written += count
        }
        lseek(descriptor, 0, SEEK_SET)
        return descriptor
    }

    private static func rewound(_ descriptor: Int32) -> [UInt8] {
        contents(of: "/proc/self/fd/\(descriptor)") ?? []
    }

    private static func seconds() -> Double {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }
}
