// SPDX-License-Identifier: Apache-2.0

import Glibc

// usage: connect ADDRESS PORT. Says how it went, and something that needs the standard library.
var target = sockaddr_in()
target.sin_family = sa_family_t(AF_INET)
target.sin_port = (UInt16(CommandLine.arguments[2]) ?? 0).bigEndian
inet_pton(AF_INET, CommandLine.arguments[1], &target.sin_addr)
let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
let result = withUnsafePointer(to: &target) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
}
let numbers = Dictionary(uniqueKeysWithValues: [3, 1, 2].map { ("\($0)", $0) })
print(result == 0 ? "connected" : String(cString: strerror(errno)), numbers.values.sorted())
