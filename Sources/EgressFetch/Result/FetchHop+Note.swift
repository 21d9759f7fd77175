// SPDX-License-Identifier: Apache-2.0

extension FetchHop {
    /// Notes what a connection tells.
    mutating func note(_ connection: Connection) {
        connected = connection.address
        version = connection.isHTTP2 ? "HTTP/2" : "HTTP/1.1"
        timings.connect = connection.connectTime
        timings.tls = connection.tlsTime
    }
}
