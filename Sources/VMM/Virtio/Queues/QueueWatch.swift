internal import Linux
internal import Synchronization

/// What an active device has on its I/O threads: begun by `activate`, ended by `reset`.
final class QueueWatch: Sendable {
    /// What is done on the thread at the end.
    private struct Ending: @unchecked Sendable {
        let thread: IOThread
        let run: (IOLoop) -> Void
    }
    private let endings = Mutex<[Ending]>([])

    /// Sets something up on a thread.
    ///
    /// - Parameter setUp: called on the thread; gives what takes it away again, which is called there too.
    func begin(
        on thread: IOThread, _ setUp: @escaping (IOLoop) throws(VirtioError) -> (IOLoop) -> Void
    ) throws(VirtioError) {
        let ending = try thread.run { loop throws(VirtioError) in Ending(thread: thread, run: try setUp(loop)) }
        endings.withLock { $0.append(ending) }
    }

    /// Calls `serve` on the thread, for each notification and once at the beginning.
    func begin(
        on thread: IOThread, notification: Int32, _ make: @escaping () throws(VirtioError) -> () -> Void
    ) throws(VirtioError) {
        try begin(on: thread) { loop throws(VirtioError) in
            let serve = try make()
            let source = try loop.watch(notification: notification, serve)
            serve()
            return { $0.remove(source) }
        }
    }

    /// Takes everything away: when this returns, nothing of it runs any more.
    func end() {
        let all = endings.withLock { endings in
            defer { endings = [] }
            return endings
        }
        for ending in all { ending.thread.run { ending.run($0) } }
    }
}

extension IOLoop {
    /// Calls `serve` whenever the driver notifies of a queue.
    func watch(notification: Int32, _ serve: @escaping () -> Void) throws(VirtioError) -> Source {
        do { return try add(notification, [.readable, .edge]) { _ in serve() } } catch { throw VirtioError("\(error)") }
    }
}
