// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import EgressSupervisor

struct SharesTests {
    @Test func `a user has its share, and takes nothing from another`() {
        var shares = Shares<String>(maximum: 3)
        for _ in 0..<3 {
            #expect(shares.hasRoom(for: "greedy"))
            shares.take("greedy")
        }
        #expect(!shares.hasRoom(for: "greedy"))
        #expect(shares.hasRoom(for: "other", 3))
        #expect(!shares.hasRoom(for: "other", 4))
        shares.giveBack("greedy")
        #expect(shares.hasRoom(for: "greedy"))
        #expect(!shares.hasRoom(for: "greedy", 2))
        shares.giveBack("greedy", 2)
        #expect(shares.hasRoom(for: "greedy", 3))
    }
}
