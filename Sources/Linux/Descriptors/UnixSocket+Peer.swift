internal import CLinux

extension UnixSocket {
    /// Who has connected to a socket: the kernel's word, of the moment of the connection.
    public struct Peer: Equatable, Sendable {
        /// The process.
        public let process: Int32
        /// Its user.
        public let user: UInt32
        /// Its group.
        public let group: UInt32
    }

    /// Who is at the other end of a connected socket.
    public static func peer(of socket: borrowing Descriptor) throws(SystemError) -> Peer {
        var process: Int32 = 0
        var user: UInt32 = 0
        var group: UInt32 = 0
        // unsafe because the three numbers come back through pointers to local ones
        let result = unsafe bh_peer(socket.rawValue, &process, &user, &group)
        try SystemError.check(result, "getsockopt SO_PEERCRED")
        return Peer(process: process, user: user, group: group)
    }
}
