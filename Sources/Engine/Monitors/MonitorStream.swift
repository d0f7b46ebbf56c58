import Glibc
import Synchronization

/// The standard streams of a process: a connection on which only `Wire` data frames follow (and, for an exec'd process,
/// the event `exited` before its end). Whoever takes the descriptor does the input and output, and closes it.
public final class MonitorStream: Sendable {
    /// Whether everything is one stream, of a terminal.
    public let terminal: Bool
    private let descriptor: Mutex<Int32?>

    /// Adopts a connected socket.
    init(adopting descriptor: Int32, terminal: Bool) {
        self.terminal = terminal
        self.descriptor = Mutex(descriptor)
    }

    deinit {
        if let left = takeDescriptor() { close(left) }
    }

    /// The connected socket, now the caller's to close; nil from the second time on.
    public func takeDescriptor() -> Int32? {
        descriptor.withLock { descriptor in
            defer { descriptor = nil }
            return descriptor
        }
    }
}
