internal import Linux

/// Gives memory back some time after a burst of activity, and does nothing while nothing happens: a host has hundreds of
/// monitors that wait.
final class IdleMemory {
    private static let delay: Int64 = 500

    private let loop: EventLoop
    private var pending = false

    init(in loop: EventLoop) { self.loop = loop }

    /// Something has happened that needed memory.
    func used() {
        guard !pending else { return }
        pending = true
        loop.schedule(afterMilliseconds: IdleMemory.delay) { [self] in
            pending = false
            Memory.release()
        }
    }
}
