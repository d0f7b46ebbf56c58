@preconcurrency import Dispatch
import Glibc

/// Signals whenever something in a directory is written, created or renamed (inotify).
final class FileWatch: Sendable {
    private let source: any DispatchSourceRead

    /// Watches until it is let go.
    init(directory: String, wakeup: Wakeup) throws(EngineError) {
        let descriptor = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard descriptor >= 0 else { throw FileWatch.error("inotify_init1") }
        let events = UInt32(IN_MODIFY | IN_CREATE | IN_MOVED_TO)
        guard inotify_add_watch(descriptor, directory, events) >= 0 else {
            let error = FileWatch.error("watch \(directory)")
            close(descriptor)
            throw error
        }
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
        source.setEventHandler {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while read(descriptor, &buffer, buffer.count) > 0 {}
            wakeup.signal()
        }
        source.setCancelHandler { close(descriptor) }
        source.resume()
    }

    deinit { source.cancel() }

    private static func error(_ doing: String) -> EngineError {
        EngineError(.internal, "\(doing): \(String(cString: strerror(errno)))")
    }
}
