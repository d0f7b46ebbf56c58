import Foundation
import Logging

/// Directories with all that is in them.
enum Trees {
    /// Removes one where it exists; what can't be removed is logged and swept at the daemon's next start.
    static func remove(_ path: String, _ logger: Logger) {
        guard access(path, F_OK) == 0 else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            logger.warning("remove \(path): \(error)")
        }
    }
}
