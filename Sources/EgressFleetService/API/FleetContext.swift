// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Hummingbird
import NIOCore

/// What is known of a request beside itself: where it comes from.
struct FleetContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The caller's address, without its port; for IPv6 the first 64 bits.
    let callerAddress: String

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        callerAddress = Self.grouped(source.channel.remoteAddress)
    }

    private static func grouped(_ address: SocketAddress?) -> String {
        guard let text = address?.ipAddress, let bytes = IPAddress(text)?.networkBytes, bytes.count == 16 else {
            return address?.ipAddress ?? ""
        }
        // An IPv4 caller of a socket for both (RFC 4291, section 2.5.5.2) is counted by itself.
        if bytes.prefix(12) == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] {
            return bytes.suffix(4).map(String.init).joined(separator: ".")
        }
        return bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ":")
    }
}
