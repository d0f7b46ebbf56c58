import Glibc
import Linux
import Logging

/// Directories with all that is in them.
enum Trees {
    /// Removes one where it exists; what can't be removed is logged and swept at the daemon's next start.
    static func remove(_ path: String, _ logger: Logger) {
        do {
            try remove(path)
        } catch {
            logger.warning("remove what is left: \(error)")
        }
    }

    /// Removes a file, link or directory; what somebody else removes at the same time is as good.
    private static func remove(_ path: String) throws(SystemError) {
        if unlink(path) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw .last("remove", path) }
        do {
            for name in try Files.entries(of: path) { try remove("\(path)/\(name)") }
            try Files.removeDirectory(path)
        } catch  where error.code == ENOENT {
            return
        }
    }
}
