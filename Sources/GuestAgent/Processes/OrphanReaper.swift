internal import Linux
internal import Monitor

/// As the first process of a machine the agent inherits every orphan, and reaps it.
final class OrphanReaper {
    private let loop: EventLoop
    private let isOwned: (Int32) -> Bool

    /// `isOwned` says whether somebody else waits for the end of a process.
    init(in loop: EventLoop, isOwned: @escaping (Int32) -> Bool) {
        self.loop = loop
        self.isOwned = isOwned
    }

    /// A child has ended. Whoever owns it learns so in this turn of the loop, through its pidfd; after that, what is
    /// still there is nobody's.
    func childEnded() {
        loop.schedule(afterMilliseconds: 0) { [self] in reap() }
    }

    private func reap() {
        do {
            while let child = try FirstProcess.endedChild() {
                if isOwned(child) { return childEnded() }
                try FirstProcess.reap(child)
            }
        } catch {
            Console.report("orphans: \(error)")
        }
    }
}
