// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A thread for one piece of work that waits: those that run tasks are as many as there are cores, and must not.
enum BlockingThread {
    private final class Work {
        let body: () -> Void

        init(_ body: @escaping () -> Void) { self.body = body }
    }

    /// Runs a body on a thread of its own; nil when none can be started.
    static func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result? {
        await withCheckedContinuation { continuation in
            if !start({ continuation.resume(returning: body()) }) { continuation.resume(returning: nil) }
        }
    }

    /// Starts a body on a thread of its own; false when none can be started.
    static func start(_ body: @escaping () -> Void) -> Bool {
        let work = Work(body)
        var attributes = pthread_attr_t()
        guard unsafe pthread_attr_init(&attributes) == 0 else { return false }
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))

        let reference = unsafe Unmanaged.passRetained(work)
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread,
            &attributes,
            { argument in
                if let argument = unsafe argument {
                    unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
                }
                return nil
            },
            reference.toOpaque()
        )
        if code != 0 { unsafe reference.release() }
        return code == 0
    }
}
