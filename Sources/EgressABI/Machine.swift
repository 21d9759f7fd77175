// SPDX-License-Identifier: Apache-2.0

import EgressDNS
import EgressPolicy
import Glibc

/// What the engine asks of the machine it runs on.
enum Machine {
    /// Monotonic nanoseconds that go on while the machine sleeps, as lifetimes in DNS do.
    static func now() -> UInt64 {
        var time = timespec()
        guard unsafe clock_gettime(CLOCK_BOOTTIME, &time) == 0 else { return .max }
        return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
    }

    /// gethostname(2); nil if it is no name.
    static func hostname() -> Host? {
        var name = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&name, 255) == 0 else { return nil }
        return try? Host(utf8: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) })
    }

    /// The search domains of /etc/resolv.conf.
    static func searchDomains() -> [Host] {
        let descriptor = unsafe open("/etc/resolv.conf", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return [] }
        return ResolverConfiguration(parsing: String(decoding: bytes.prefix(count), as: UTF8.self)).search
    }
}
