// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The processor time of a piece of work on the calling thread, in seconds (clock_gettime(2), CLOCK_THREAD_CPUTIME_ID).
///
/// Unlike the time on the wall it stays the same while other tests run or the machine stands still.
public func processorSeconds(of work: () throws -> Void) rethrows -> Double {
    let before = processorSeconds()
    try work()
    return processorSeconds() - before
}

private func processorSeconds() -> Double {
    var now = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}
