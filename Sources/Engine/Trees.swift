import Linux
import Logging

/// Directories with all that is in them.
enum Trees {
    /// Removes one where it exists; what can't be removed is logged and swept at the daemon's next start.
    static func remove(_ path: String, _ logger: Logger) {
        do {
            try Files.removeTree(path)
        } catch {
            logger.warning("remove what is left: \(error)")
        }
    }
}
