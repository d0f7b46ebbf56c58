internal import Glibc

/// A mutex, and the condition that what it guards has changed: a `Mutex` alone has no way to wait for that.
@safe final class ConditionLock: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// Held by nobody.
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

    /// Does something while it is held. Not for a thread that holds it already.
    func locked<R>(_ body: () -> R) -> R {
        // unsafe because the mutex lives behind a pointer
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return body()
    }

    /// Waits until somebody says that something has changed, which may be anything. Lets go of it meanwhile: it must be
    /// held.
    func wait() {
        // unsafe because the primitives live behind pointers
        unsafe pthread_cond_wait(changed, mutex)
    }

    /// Wakes all who wait. It must be held.
    func tellOfChange() {
        // unsafe because the condition lives behind a pointer
        unsafe pthread_cond_broadcast(changed)
    }
}
