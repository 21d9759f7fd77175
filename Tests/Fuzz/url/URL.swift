// SPDX-License-Identifier: Apache-2.0

import EgressPolicy

/// A text is a URL that is told in words which make the same URL, or is refused; so is a reference against a base.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    if let url = try? WebURL(input) { check(url, input) }

    // A base before the first line feed, and a reference after it.
    let parts = input.split(separator: 0x0a, maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let base = try? WebURL(Array(parts[0])) else { return 0 }
    guard let url = try? base.resolving(Array(parts[1])) else { return 0 }
    check(url, Array(url.description.utf8))
    return 0
}

private func check(_ url: WebURL, _ input: [UInt8]) {
    precondition(input.allSatisfy { (0x21..<0x7f).contains($0) && $0 != UInt8(ascii: "\\") }, "odd bytes are accepted")
    precondition(["http", "https", "ws", "wss"].contains(url.scheme) && url.port > 0)
    let authority = input.drop { $0 != UInt8(ascii: "/") }.dropFirst(2).prefix { !"/?#".utf8.contains($0) }
    precondition(!authority.contains { "@%".utf8.contains($0) }, "an authority with an odd byte is accepted")
    // As it was, with the scheme and the host in lower case, and without the port if it is the scheme's own.
    precondition(input.count >= url.path.utf8.count + url.scheme.utf8.count)
    let text = url.description
    guard text.utf8.count <= WebURL.maximumLength else { return }
    guard let again = try? WebURL(text) else { fatalError("'\(text)' is told and can't be read") }
    // An empty path is told as the slash that a request has.
    precondition(
        again.description == text && again.host == url.host && again.port == url.port && again.target == url.target
    )
}
