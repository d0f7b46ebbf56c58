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

    /// Until ``restore(_:)``, new files are for their owner only: nobody connects before the socket is protected.
    static func restrictingMask() -> mode_t { umask(0o177) }

    static func restore(_ mask: mode_t) { umask(mask) }

    static func remove(_ path: String) { unlink(path) }

    private static func isListening(_ path: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }
}

/// Why the server can't listen.
public struct ServerError: Error, Sendable, CustomStringConvertible {
    /// What failed, on what, and what to do.
    public let description: String

    init(_ description: String) { self.description = description }
}
