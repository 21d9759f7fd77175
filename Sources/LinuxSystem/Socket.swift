// SPDX-License-Identifier: Apache-2.0

internal import CLinux
import Glibc

/// What became of a call on a non-blocking descriptor.
public enum Transfer: Equatable, Sendable {
    /// That many bytes.
    case bytes(Int)
    /// Nothing now: EAGAIN.
    case wouldBlock
    /// End of file.
    case end
    /// The errno value.
    case failed(Int32)
}

extension [UInt8] {
    /// Room to receive into. Its content is whatever the memory held, and its pages cost nothing before they are used: for
    /// a buffer of the largest packet that most often holds a small one, or none.
    public static func untouched(count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { _, initialized in initialized = count }
    }
}

/// Calls on non-blocking sockets. All take the descriptor's number; its owner keeps it.
public enum Socket {
    /// socket(2), non-blocking and close-on-exec.
    public static func make(_ domain: Int32, _ type: Int32, _ protocolNumber: Int32 = 0) throws(SystemError)
        -> FileDescriptor
    {
        let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        return FileDescriptor(owning: try retrying("making a socket") { socket(domain, type | flags, protocolNumber) })
    }

    /// A stream socket type, as Int32.
    public static let stream = Int32(SOCK_STREAM.rawValue)
    /// A datagram socket type, as Int32.
    public static let datagram = Int32(SOCK_DGRAM.rawValue)
    /// A raw socket type, as Int32.
    public static let raw = Int32(SOCK_RAW.rawValue)
    /// A sequenced-packet socket type, as Int32.
    public static let sequencedPacket = Int32(SOCK_SEQPACKET.rawValue)

    /// connect(2): 0, EINPROGRESS, or the errno it failed with.
    public static func connect(_ descriptor: Int32, to address: SocketAddress) -> Int32 {
        var (storage, length) = address.storage
        let result = unsafe withUnsafePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe Glibc.connect(descriptor, address, length)
            }
        }
        return result == 0 ? 0 : errno
    }

    /// accept4(2): the connection and its peer; nil when none waits; throws what accepting failed with.
    public static func accept(_ descriptor: Int32) throws(SystemError) -> (Int32, SocketAddress)? {
        var storage = sockaddr_storage()
        while true {
            let accepted = unsafe egress_accept(descriptor, &storage)
            if accepted >= 0 {
                guard let peer = SocketAddress(storage) else {
                    close(accepted)
                    continue
                }
                return (accepted, peer)
            }
            switch errno {
            case EAGAIN: return nil
            // accept(2): errors of the new connection itself; the next one may be sound.
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, EHOSTUNREACH, ENETUNREACH: continue
            default: throw SystemError("accepting a connection")
            }
        }
    }

    /// getsockname(2).
    public static func localAddress(_ descriptor: Int32) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = UInt32(MemoryLayout<sockaddr_storage>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe getsockname(descriptor, address, &length)
            }
        }
        return result == 0 ? SocketAddress(storage) : nil
    }

    /// recv(2) into a buffer.
    public static func receive(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        let count = unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
        if count > 0 { return .bytes(count) }
        return count == 0 ? .end : failure()
    }

    /// send(2) without SIGPIPE.
    public static func send(_ descriptor: Int32, _ buffer: UnsafeRawBufferPointer) -> Transfer {
        let count = unsafe Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
        return count >= 0 ? .bytes(count) : failure()
    }

    /// sendto(2) without SIGPIPE; 0 or an errno value.
    public static func send(_ descriptor: Int32, _ bytes: [UInt8], to address: SocketAddress) -> Int32 {
        var (storage, length) = address.storage
        let count = unsafe withUnsafePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), address, length)
            }
        }
        return count >= 0 ? 0 : errno
    }

    /// The pending error of a socket, taken (SO_ERROR).
    public static func takeError(_ descriptor: Int32) -> Int32 {
        option(descriptor, SO_ERROR) ?? errno
    }

    /// True of a socket that listen(2) was called on.
    public static func isListening(_ descriptor: Int32) -> Bool {
        option(descriptor, SO_ACCEPTCONN) == 1
    }

    private static func option(_ descriptor: Int32, _ name: Int32) -> Int32? {
        var value: Int32 = 0
        var length = UInt32(MemoryLayout<Int32>.size)
        return unsafe getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
    }

    /// setsockopt(2) with an integer.
    @discardableResult
    public static func set(_ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Int32) -> Bool {
        var value = value
        return unsafe setsockopt(descriptor, level, name, &value, UInt32(MemoryLayout<Int32>.size)) == 0
    }

    /// shutdown(2) of the writing half.
    public static func shutdownWriting(_ descriptor: Int32) {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Makes the next close(2) send a reset (SO_LINGER of 0 seconds, RFC 9293 section 3.10.5).
    public static func resetOnClose(_ descriptor: Int32) {
        var option = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, UInt32(MemoryLayout<linger>.size))
    }

    /// True if a connecting socket is connected now, or has failed (poll(2) says writable).
    public static func isWritable(_ descriptor: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&entry, 1, 0) == 1
    }

    /// True if a connecting socket is connected now (getpeername(2)).
    public static func isConnected(_ descriptor: Int32) -> Bool {
        var storage = sockaddr_storage()
        var length = UInt32(MemoryLayout<sockaddr_storage>.size)
        return unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe getpeername(descriptor, address, &length)
            }
        } == 0
    }

    static func failure() -> Transfer {
        let code = errno
        return code == EAGAIN || code == EINTR ? .wouldBlock : .failed(code)
    }
}
