import Glibc
import Linux

/// The right to change a container: a lock on a file of its own (closing any descriptor of a file ends a process's
/// locks on it, so it is one that nobody reads).
///
/// It is the process's (fcntl), not the descriptor's (flock): a container's first process, which has a copy of every
/// descriptor until it executes its program, must not hold it when its maker is killed. It ends with this value or this
/// process.
struct ContainerLock: ~Copyable {
    private let file: Descriptor

    private init(_ file: consuming Descriptor) { self.file = file }

    /// Makes the file, locked.
    static func creating(_ path: String) throws(SystemError) -> ContainerLock {
        let file = try Descriptor.open(path, [.readWrite, .create, .exclusive], mode: 0o600)
        try set(file.rawValue, waits: false)
        return ContainerLock(file)
    }

    /// Waits for the lock; nil where there is no such file, or none any more once it is free.
    static func waiting(for path: String) throws(SystemError) -> ContainerLock? {
        let file: Descriptor
        do { file = try Descriptor.open(path, [.readWrite]) } catch {
            guard error.code == ENOENT || error.code == ENOTDIR else { throw error }
            return nil
        }
        try set(file.rawValue, waits: true)
        var status = stat()
        guard fstat(file.rawValue, &status) == 0, status.st_nlink > 0 else { return nil }
        return ContainerLock(file)
    }

    /// Gives it back.
    consuming func release() {}

    private static func set(_ file: Int32, waits: Bool) throws(SystemError) {
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        while fcntl(file, waits ? F_SETLKW : F_SETLK, &lock) != 0 {
            guard errno == EINTR else { throw SystemError.last("lock the container") }
        }
    }
}
