// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How many descriptors the process has. Threads of the testing library open some of their own in passing.
enum OpenDescriptors {
    private static var count: Int { (0..<1024).count { fcntl($0, F_GETFD) >= 0 } }

    /// Their number once it stays the same.
    static func settled() -> Int {
        var last = -1, same = 0
        for _ in 0..<1000 where same < 5 {
            let now = count
            same = now == last ? same + 1 : 0
            last = now
            usleep(5000)
        }
        return last
    }

    /// Whether there are that many, now or soon.
    static func become(_ number: Int) -> Bool {
        for _ in 0..<400 {
            if count == number { return true }
            usleep(5000)
        }
        return false
    }
}
