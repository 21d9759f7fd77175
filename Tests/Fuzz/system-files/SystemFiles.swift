// SPDX-License-Identifier: Apache-2.0

import EgressDNS

/// The machine's own files are read whatever stands in them, and what is taken from them can be told again.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    let configuration = ResolverConfiguration(parsing: text)
    for server in configuration.servers {
        precondition(ServerAddress(server.description) == server, "'\(server)' is told and can't be read")
    }
    let hosts = HostsFile(parsing: text)
    for name in configuration.search { _ = hosts.addresses(of: name) }
    return 0
}
