// SPDX-License-Identifier: Apache-2.0

public import NIOCore

/// Takes the body of a response, part by part. The next part comes when the last was taken: a slow sink slows the server.
public protocol FetchSink: Sendable {
    /// The response that is going to be passed on: the last one, after all redirects. Called once, if at all.
    func begin(_ head: FetchHead) async throws
    /// The next part of the content, unfolded, and never more in all than the budget.
    func write(_ bytes: ByteBuffer) async throws
}

/// What is known of a response before its body.
public struct FetchHead: Sendable {
    /// The status.
    public var status: Int
    /// The header fields in their order, names as sent.
    public var headers: [FetchHeader]
    /// How many bytes the body has, when the server says so and they are passed on as they come.
    public var length: UInt64?
}

/// A header field.
public struct FetchHeader: Hashable, Sendable {
    /// The name.
    public var name: String
    /// The value.
    public var value: String

    /// A field.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}
