internal import Glibc

/// Lets one thread wait for another.
@safe final class Semaphore: @unchecked Sendable {
    private let semaphore: UnsafeMutablePointer<sem_t>

    /// With nothing to be had yet.
    init() {
        // unsafe because deinit deallocates it
        unsafe semaphore = .allocate(capacity: 1)
        // unsafe because it is initialised in place; 0 is a good value
        unsafe sem_init(semaphore, 0, 0)
    }

    deinit {
        // unsafe because the initialiser made it, and nobody waits: who would, would have a reference
        unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    /// Lets one go on.
    // unsafe because it lives as long as this object
    func signal() { unsafe sem_post(semaphore) }

    /// Waits for one `signal`.
    func wait() {
        // Signals interrupt it.
        // unsafe because it lives as long as this object
        while unsafe sem_wait(semaphore) != 0 && errno == EINTR {}
    }
}
