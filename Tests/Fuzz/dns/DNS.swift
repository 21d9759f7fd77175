// SPDX-License-Identifier: Apache-2.0

import EgressDNS

/// What is read of a message can be written, and is read again as the same; a short form stays in its limit.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    _ = try? DNSMessage(decoding: bytes, extent: .questions)
    guard let message = try? DNSMessage(decoding: bytes) else { return 0 }
    let written = message.encode()
    guard let again = try? DNSMessage(decoding: written) else {
        fatalError("what was written can't be read: \(message)")
    }
    precondition(again == message, "read again as \(again), was \(message)")
    let short = message.encode(maximumSize: DNSMessage.minimumSize)
    precondition(
        short.count <= DNSMessage.minimumSize || short.count <= written.count,
        "a short form of \(short.count) octets"
    )
    precondition((try? DNSMessage(decoding: short)) != nil, "a short form that can't be read")
    for record in message.answers { _ = record.name.host }
    return 0
}
