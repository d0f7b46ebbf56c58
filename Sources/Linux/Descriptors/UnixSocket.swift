internal import CLinux
internal import Glibc

/// Both ends of a connected pair of sockets; each can be taken (consumed) by itself.
@frozen public struct SocketPair: ~Copyable, Sendable {
    /// One end.
    public var first: Descriptor
    /// The other.
    public var second: Descriptor
}

/// Unix domain sockets.
public enum UnixSocket {
    /// Whether bytes or whole messages travel.
    public enum Kind: Sendable {
        case stream
        case sequencedPackets
        var rawValue: Int32 {
            switch self {
            case .stream: bh_socket_stream
            case .sequencedPackets: bh_socket_packets
            }
        }
    }

    /// Two connected sockets.
    public static func pair(_ kind: Kind = .stream) throws(SystemError) -> SocketPair {
        var ends: [2 of Int32] = [-1, -1]
        var span = ends.mutableSpan
        // unsafe because socketpair fills two numbers through a pointer, which is what is behind it
        let result = unsafe span.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return Int32(-1) }
            return unsafe socketpair(AF_UNIX, kind.rawValue | bh_socket_cloexec, 0, base)
        }
        try SystemError.check(result, "socketpair")
        return SocketPair(first: Descriptor(adopting: ends[0]), second: Descriptor(adopting: ends[1]))
    }

    /// A socket that listens at a path, which must not exist. Paths may be longer than the kernel's 107 bytes.
    public static func listen(
        _ path: String, _ kind: Kind = .stream, backlog: Int32 = 128
    ) throws(SystemError) -> Descriptor {
        // unsafe because the path is a C string; it lives for the call
        let number = unsafe bh_unix_listen(path, kind.rawValue, max(backlog, 1))
        return Descriptor(adopting: try SystemError.check(number, "listen", path))
    }

    /// A socket connected to the one that listens at a path; `nonblocking`: it never waits, not for the connection
    /// either (EAGAIN where too many wait to be accepted).
    public static func connect(
        _ path: String, _ kind: Kind = .stream, nonblocking: Bool = false
    ) throws(SystemError) -> Descriptor {
        let type = nonblocking ? kind.rawValue | bh_socket_nonblock : kind.rawValue
        // unsafe because the path is a C string; it lives for the call
        let number = unsafe bh_unix_connect(path, type)
        return Descriptor(adopting: try SystemError.check(number, "connect", path))
    }

    /// The next connection of a listening socket; nil where none waits (a nonblocking socket only).
    public static func accept(_ listener: borrowing Descriptor) throws(SystemError) -> Descriptor? {
        while true {
            let number = bh_accept(listener.rawValue)
            if number >= 0 { return Descriptor(adopting: number) }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EAGAIN: return nil
            default: throw .last("accept")
            }
        }
    }

    /// Says that no more bytes will be sent; the other end sees the end.
    public static func shutdownWriting(_ socket: borrowing Descriptor) throws(SystemError) {
        try SystemError.check(shutdown(socket.rawValue, Int32(SHUT_WR)), "shutdown")
    }
}
