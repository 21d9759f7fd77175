// SPDX-License-Identifier: Apache-2.0

import Glibc

/// CLOCK_MONOTONIC in nanoseconds.
public func monotonicNow() -> UInt64 {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
