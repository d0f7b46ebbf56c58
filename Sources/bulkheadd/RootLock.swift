import Glibc

/// Held while a daemon uses a root, so that there is only one. The kernel lets go of it however the daemon ends.
final class RootLock {
    private let descriptor: Int32

    init(root: String) throws {
        try RootLock.makeFolder(root)
        let path = root + "/bulkhead.lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw DaemonError("can't open \(path): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw DaemonError("another daemon uses \(root): stop it, or give this one another --root")
        }
    }

    deinit { close(descriptor) }

    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) throws {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/" + part
            guard mkdir(made, 0o711) == 0 || errno == EEXIST else {
                throw DaemonError("can't make \(made): \(String(cString: strerror(errno)))")
            }
        }
    }
}

/// A file with this process's number.
struct PidFile {
    private let path: String

    init(_ path: String) throws {
        self.path = path
        guard let file = fopen(path, "w") else {
            throw DaemonError("can't write \(path): \(String(cString: strerror(errno)))")
        }
        fputs("\(getpid())\n", file)
        fclose(file)
    }

    func remove() { unlink(path) }
}

/// Why the daemon can't start.
struct DaemonError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
