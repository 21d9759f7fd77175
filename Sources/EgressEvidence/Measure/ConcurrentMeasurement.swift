// SPDX-License-Identifier: Apache-2.0

import Glibc
public import LinuxSystem

/// Reads a file on a thread of its own while the sandbox is made.
public final class ConcurrentMeasurement {
    /// What the thread works on; it is the only one to touch it until it is joined.
    @safe private final class Work {
        let path: String
        var result: Result<FileMeasurement, SystemError>?

        init(_ path: String) {
            self.path = path
        }
    }

    private let work: Work
    private var thread = pthread_t()
    private var isRunning = false

    /// Begins to read a file.
    public init(_ path: String) {
        work = Work(path)
        // The thread takes no signal: they are the main thread's, which blocks those that it waits for only later.
        var (all, before) = (sigset_t(), sigset_t())
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
        let argument = unsafe Unmanaged.passRetained(work)
        let code = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let work = unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
                do throws(SystemError) {
                    work.result = .success(try FileMeasurement(work.path))
                } catch {
                    work.result = .failure(error)
                }
                return nil
            },
            argument.toOpaque()
        )
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
        isRunning = code == 0
        if !isRunning { unsafe argument.release() }
    }

    /// What was read, once it is. Without a thread it is read now.
    public func finish() throws(SystemError) -> FileMeasurement {
        if isRunning {
            isRunning = false
            pthread_join(thread, nil)
        }
        guard let result = work.result else { return try FileMeasurement(work.path) }
        return try result.get()
    }

    deinit {
        if isRunning { pthread_join(thread, nil) }
    }
}
