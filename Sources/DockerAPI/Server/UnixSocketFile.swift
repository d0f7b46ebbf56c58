import Glibc

/// The file of a listening unix socket.
enum UnixSocketFile {
    /// Removes what a daemon that is gone has left; refuses where one still listens.
    static func clear(_ path: String) throws(ServerError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw ServerError("\(path) exists and is not a socket: remove it or listen elsewhere")
        }
        if isListening(path) { throw ServerError("another daemon listens on \(path)") }
        unlink(path)
    }

    /// Lets root and the group docker in, where there is one, and nobody else.
    static func protect(_ path: String) {
        chmod(path, 0o660)
        if let group = getgrnam("docker") { chown(path, 0, group.pointee.gr_gid) }
    }

    /// A listening socket that only its owner can connect to until it is protected.
    ///
    /// The mode is given to the socket before it has a file, because the mask for new files belongs to the whole process.
    static func listen(_ path: String) throws(ServerError) -> Int32 {
        guard var address = address(path) else {
            throw ServerError("\(path) is too long for a socket: at most 107 bytes")
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw ServerError("make a socket: \(String(cString: strerror(errno)))") }
        let restricted = fchmod(descriptor, 0o600)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if restricted == 0, bound == 0, Glibc.listen(descriptor, backlog) == 0 { return descriptor }
        let reason = String(cString: strerror(errno))
        close(descriptor)
        throw ServerError("can't listen on \(path): \(reason)")
    }

    /// How many connections may wait to be accepted.
    static let backlog: Int32 = 512

    static func remove(_ path: String) { unlink(path) }

    private static func isListening(_ path: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard var address = address(path) else { return false }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }

    /// nil: the path is too long.
    private static func address(_ path: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }
}

/// Why the server can't listen.
public struct ServerError: Error, Sendable, CustomStringConvertible {
    /// What failed, on what, and what to do.
    public let description: String

    init(_ description: String) { self.description = description }
}
