internal import Glibc

/// Where the threads of the processors wait while the machine is paused, and learn that it is over.
@safe final class RunGate: @unchecked Sendable {
    /// What the machine is to do.
    enum Wanted {
        case paused
        case running
        case stopped
    }

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    // Guarded by the mutex.
    private var wanted = Wanted.paused
    private var waiting = 0
    private var threads: [ProcessorThread] = []

    /// Closed: whoever comes waits.
    init() {
        // unsafe because the primitives live behind pointers, as they must not move
        unsafe pthread_mutex_init(mutex, nil)
        unsafe pthread_cond_init(changed, nil)
    }

    deinit {
        // unsafe because nobody has this object any more
        unsafe pthread_cond_destroy(changed)
        unsafe pthread_mutex_destroy(mutex)
        unsafe changed.deallocate()
        unsafe mutex.deallocate()
    }

    /// A thread begins: from now on it is kicked when it must come here.
    func enter(_ thread: ProcessorThread) { locked { threads.append(thread) } }

    /// A thread ends.
    func leave(_ thread: ProcessorThread) {
        locked {
            threads.removeAll { $0 === thread }
            // unsafe because the primitives live behind pointers; the mutex is held
            unsafe pthread_cond_broadcast(changed)
        }
    }

    /// Waits while the machine is paused.
    ///
    /// - Returns: false once it is over.
    func pass() -> Bool {
        locked {
            while wanted == .paused {
                waiting += 1
                // unsafe because the primitives live behind pointers; the mutex is held
                unsafe pthread_cond_broadcast(changed)
                unsafe pthread_cond_wait(changed, mutex)
                waiting -= 1
            }
            return wanted == .running
        }
    }

    /// Says what the machine is to do, and fetches all threads here unless that is to run; a stop is final.
    func want(_ new: Wanted) {
        locked {
            guard wanted != .stopped else { return }
            wanted = new
            if new != .running { for thread in threads { thread.kick() } }
            // unsafe because the primitives live behind pointers; the mutex is held
            unsafe pthread_cond_broadcast(changed)
        }
    }

    /// Waits until so many threads wait here, or the machine runs on or is over.
    ///
    /// - Returns: whether they wait here.
    @discardableResult
    func awaitWaiting(_ count: Int) -> Bool {
        locked {
            // unsafe because the primitives live behind pointers; the mutex is held
            while wanted == .paused && waiting < count { unsafe pthread_cond_wait(changed, mutex) }
            return wanted == .paused
        }
    }

    /// Waits until the machine is over.
    func awaitStop() {
        locked {
            // unsafe because the primitives live behind pointers; the mutex is held
            while wanted != .stopped { unsafe pthread_cond_wait(changed, mutex) }
        }
    }

    private func locked<R>(_ body: () -> R) -> R {
        // unsafe because the mutex lives behind a pointer
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return body()
    }
}
