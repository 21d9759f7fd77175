// SPDX-License-Identifier: Apache-2.0

import EgressPolicy
import Testing

@Suite struct PortSetTests {
    @Test func `ranges are merged where they touch`() {
        #expect(PortSet(ranges: [5...7, 1...2, 3...4, 9...9]).ranges == [1...7, 9...9])
        #expect(PortSet(ranges: [1...100, 5...6, 65535...65535, 65000...65534]).ranges == [1...100, 65000...65535])
        #expect(PortSet([80, 80, 443, 81]).description == "80-81,443")
    }

    @Test func `no port is not every port`() {
        #expect(PortSet([]).isEmpty)
        #expect(!PortSet([]).isAny)
        #expect(!PortSet([]).contains(80))
        #expect(PortSet.any.isAny)
        #expect(PortSet.any.contains(0) && PortSet.any.contains(65535))
    }

    @Test func `a union holds both`() {
        #expect(PortSet([1]).union([2, 9]).ranges == [1...2, 9...9])
        #expect(PortSet.any.union([2]).isAny)
    }

    @Test func `a set of transports keeps only what it knows`() {
        #expect(ProtocolSet(rawValue: 0xff) == .all)
        #expect(ProtocolSet([TransportProtocol.udp]) == .udp)
        #expect(ProtocolSet.all.contains(TransportProtocol.tcp))
        #expect(!ProtocolSet.tcp.contains(TransportProtocol.udp))
    }
}
