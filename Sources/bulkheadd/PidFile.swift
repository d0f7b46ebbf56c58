import Glibc

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
