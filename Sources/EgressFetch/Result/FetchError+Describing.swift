// SPDX-License-Identifier: Apache-2.0

import EgressText
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import NIOSSL

extension FetchError {
    /// What an error of the transport means to a caller. Its own text is shown only where it holds nothing the peer chose.
    init(describing error: any Error) {
        switch error {
        case let error as FetchError: self = error
        case is CancellationError: self.init(.cancelled, "the fetch was cancelled")
        case let error as NIOConnectionError: self.init(describing: error)
        case let error as IOError: self.init(.connectionClosed, Self.name(error.errnoCode))
        case ChannelError.connectTimeout: self.init(.connectTimeout, "no connection in time")
        case let error as NIOSSLError where error == .uncleanShutdown:
            self.init(.connectionClosed, "TLS was cut off without its closing alert")
        case let error as NIOSSLError: self.init(.tlsFailed, Self.text(error))
        case let error as BoringSSLError: self.init(.tlsFailed, Self.text(error))
        case is NIOSSLExtraError: self.init(.tlsFailed, "the certificate is for another host")
        case HTTPParserError.invalidEOFState:
            self.init(.connectionClosed, "the connection ended before the response did")
        case let error as HTTPParserError: self.init(.protocolViolation, Self.text(error))
        case is NIOHTTPDecoderError: self.init(.protocolViolation, "the server sent a response that nobody asked for")
        case let error as any NIOHTTP2Error:
            self.init(.protocolViolation, "HTTP/2: \(String(describing: type(of: error)))")
        case is ChannelError: self.init(.connectionClosed, "the connection was closed")
        default: self.init(.protocolViolation, String(describing: type(of: error)))
        }
    }

    private init(describing error: NIOConnectionError) {
        let timedOut = error.connectionErrors.contains { failure in
            if case ChannelError.connectTimeout = failure.error { return true }
            return (failure.error as? IOError)?.errnoCode == ETIMEDOUT
        }
        var reasons: [String] = []
        for failure in error.connectionErrors {
            let why = (failure.error as? IOError).map { Self.name($0.errnoCode) } ?? "no answer in time"
            reasons.append("\(failure.target.ipAddress ?? "?") port \(failure.target.port ?? 0): \(why)")
        }
        self.init(
            timedOut ? .connectTimeout : .connectFailed,
            reasons.isEmpty ? "no connection in time" : reasons.prefix(4).joined(separator: ", ")
        )
    }

    private static func name(_ code: Int32) -> String {
        unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    }

    /// What OpenSSL's table of errors says, such as `CERTIFICATE_VERIFY_FAILED`, in plain words where they are known.
    private static func text(_ error: some Error) -> String {
        let text = String(describing: error)
        let known = [
            ("CERTIFICATE_VERIFY_FAILED", "the certificate is not trusted: its issuer is unknown, or it has expired"),
            ("WRONG_VERSION_NUMBER", "the server does not speak TLS"),
            ("UNSUPPORTED_PROTOCOL", "the server offers no version of TLS from 1.2 up"),
            ("eof", "the server closed the connection during the handshake"),
        ]
        return known.first { text.contains($0.0) }?.1 ?? text.printable
    }

    private static func text(_ error: HTTPParserError) -> String {
        switch error {
        case .unexpectedContentLength, .invalidContentLength:
            "the response's length is repeated, malformed or beside a transfer coding"
        case .invalidChunkSize: "a chunk's size is malformed"
        case .headerOverflow: "the response's header is too large"
        case .invalidHeaderToken: "a header field of the response is malformed or folded"
        case .invalidVersion: "the response is not HTTP/1.0 or HTTP/1.1"
        case .unknown: "the response is malformed: its lines or the coding of its content are not as they must be"
        default: "the response is malformed: \(String(describing: error).printable)"
        }
    }
}
