/// Where the threads of the processors wait while the machine is paused, and learn that it is over.
final class RunGate: @unchecked Sendable {
    /// What the machine is to do.
    enum Wanted {
        case paused
        case running
        case stopped
    }

    private let lock = ConditionLock()
    // Guarded by the lock.
    /// At first whoever comes waits.
    private var wanted = Wanted.paused
    private var waiting = 0
    private var threads: [ProcessorThread] = []

    /// A thread begins: from now on it is kicked when it must come here.
    func enter(_ thread: ProcessorThread) { lock.locked { threads.append(thread) } }

    /// A thread ends.
    func leave(_ thread: ProcessorThread) {
        lock.locked {
            threads.removeAll { $0 === thread }
            lock.tellOfChange()
        }
    }

    /// Waits while the machine is paused.
    ///
    /// - Returns: false once it is over.
    func pass() -> Bool {
        lock.locked {
            while wanted == .paused {
                waiting += 1
                lock.tellOfChange()
                lock.wait()
                waiting -= 1
            }
            return wanted == .running
        }
    }

    /// Says what the machine is to do, and fetches all threads here unless that is to run; a stop is final.
    func want(_ new: Wanted) {
        lock.locked {
            guard wanted != .stopped else { return }
            wanted = new
            if new != .running { for thread in threads { thread.kick() } }
            lock.tellOfChange()
        }
    }

    /// Waits until so many threads wait here, or the machine runs on or is over.
    ///
    /// - Returns: whether they wait here.
    @discardableResult
    func awaitWaiting(_ count: Int) -> Bool {
        lock.locked {
            while wanted == .paused && waiting < count { lock.wait() }
            return wanted == .paused
        }
    }

    /// Waits until the machine is over.
    func awaitStop() {
        lock.locked {
            while wanted != .stopped { lock.wait() }
        }
    }
}
